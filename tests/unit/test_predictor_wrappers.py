from dataclasses import replace

import numpy as np
import pytest

from nettwin.errors import InputError, PredictionError
from nettwin.performance import DemandPerformance, Interval, LinkPerformance, Performance, QueuePerformance
from nettwin.predict.digest import scenario_digest
from nettwin.predict.wrappers import Cached, Fallback
from nettwin.scenario import Demand, FixedSize, Link, Node, PacketTrace, Scenario, Topology, Traffic


def scenario(rate_bps=1e3, name=""):
    topology = Topology((Node("A"), Node("B")), (Link("A->B", "A", "B", 1e6), Link("B->A", "B", "A", 1e6)))
    demands = [Demand("A", "B", rate_bps, packet_sizes=FixedSize(1000.0)), Demand("B", "A", 1e3)]
    return Scenario(topology, Traffic.of(demands, topology), name=name)


class Constant:
    """Answers every question with one delay."""

    def __init__(self, delay_s, *, trusted=None, levels=(0.5, 0.9), refuses=False, coverage=None):
        self.delay_s, self.trusted, self.levels, self.refuses, self.coverage = delay_s, trusted, levels, refuses, coverage
        self.asked = 0

    @property
    def name(self):
        return f"constant {self.delay_s}"

    def predict(self, scenario):
        self.asked += 1
        if self.refuses:
            raise PredictionError("not modelled")
        n = scenario.traffic.n_demands
        unknown = DemandPerformance.unknown(n, len(self.levels))
        delays = np.full(n, self.delay_s)
        demands = replace(unknown, delay_s=delays, delay_quantiles_s=np.tile([self.delay_s * q for q in self.levels], (n, 1)))
        interval = self.coverage and Interval(coverage=self.coverage, lower=replace(demands, delay_s=delays / 2), upper=demands)
        return Performance(
            demands=demands,
            queues=QueuePerformance.unknown(scenario.topology.n_queues),
            links=LinkPerformance.unknown(scenario.topology.n_links),
            quantile_levels=self.levels,
            interval=interval,
            is_trusted=None if self.trusted is None else np.array(self.trusted),
            engine=self.name,
        )


def test_equal_content_has_an_equal_digest_and_names_do_not_count():
    assert scenario_digest(scenario(name="one")) == scenario_digest(scenario(name="two"))
    assert scenario_digest(scenario(1e3)) != scenario_digest(scenario(2e3))


def test_the_middle_of_a_long_trace_counts():
    times = np.arange(5000) * 1e-3
    sizes = np.full(5000, 100.0)
    other = sizes.copy()
    other[2500] = 101.0
    plain = scenario()
    traffics = [replace(plain.traffic, arrivals=(PacketTrace(times, column, 5.0),)) for column in (sizes, other)]
    digests = {scenario_digest(replace(plain, traffic=traffic)) for traffic in traffics}
    assert len(digests) == 2


def test_cached_asks_once_for_equal_content():
    engine = Constant(1.0)
    cached = Cached(engine)
    first, second = cached.predict(scenario()), cached.predict(scenario())
    assert first is second
    assert engine.asked == 1
    assert cached.name == engine.name


def test_cached_forgets_the_least_recently_used():
    engine = Constant(1.0)
    cached = Cached(engine, max_entries=2)
    for rate in (1.0, 2.0, 1.0, 3.0, 1.0):  # 2 is forgotten when 3 comes
        cached.predict(scenario(rate))
    assert engine.asked == 3
    cached.predict(scenario(2.0))
    assert engine.asked == 4


def test_cached_does_not_remember_refusals():
    engine = Constant(1.0, refuses=True)
    cached = Cached(engine)
    for _ in range(2):
        with pytest.raises(PredictionError):
            cached.predict(scenario())
    assert engine.asked == 2


def test_fallback_asks_the_next_when_one_refuses():
    answer = Fallback([Constant(1.0, refuses=True), Constant(2.0)]).predict(scenario())
    assert answer.engine == "constant 2.0"


def test_fallback_lets_the_last_refusal_through():
    with pytest.raises(PredictionError):
        Fallback([Constant(1.0, refuses=True), Constant(2.0, refuses=True)]).predict(scenario())


def test_fallback_does_not_ask_the_next_when_all_is_trusted():
    second = Constant(2.0)
    Fallback([Constant(1.0, trusted=[True, True]), second]).predict(scenario())
    assert second.asked == 0


def test_fallback_replaces_untrusted_demands():
    answer = Fallback([Constant(1.0, trusted=[True, False]), Constant(2.0, levels=(0.9,))]).predict(scenario())
    assert answer.demands.delay_s.tolist() == [1.0, 2.0]
    assert answer.delay_quantile_s(0.9).tolist() == [0.9, 1.8]
    assert np.isnan(answer.delay_quantile_s(0.5)).tolist() == [False, True]
    assert answer.is_trusted.tolist() == [True, True]
    assert answer.engine == "constant 1.0 else constant 2.0"


def test_fallback_moves_on_wholly_beyond_the_share():
    answer = Fallback([Constant(1.0, trusted=[True, False]), Constant(2.0)], max_untrusted_share=0.4).predict(scenario())
    assert answer.demands.delay_s.tolist() == [2.0, 2.0]


@pytest.mark.parametrize(("coverage", "expected"), [(0.9, [0.5, 1.0]), (0.5, [0.5, np.nan]), (None, [0.5, np.nan])])
def test_fallback_keeps_bounds_only_at_one_coverage(coverage, expected):
    first, second = Constant(1.0, trusted=[True, False], coverage=0.9), Constant(2.0, coverage=coverage)
    answer = Fallback([first, second]).predict(scenario())
    np.testing.assert_array_equal(answer.interval.lower.delay_s, expected)


@pytest.mark.parametrize("build", [lambda: Fallback([]), lambda: Fallback([Constant(1.0)], 2.0), lambda: Cached(Constant(1.0), 0)])
def test_nonsense_is_refused(build):
    with pytest.raises(InputError):
        build()
