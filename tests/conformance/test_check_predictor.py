"""The checker itself: a correct fake passes, and each kind of mistake is found."""

from dataclasses import replace

import numpy as np
import pytest

from nettwin.controlplane import route
from nettwin.errors import PredictionError
from nettwin.performance import DemandPerformance, LinkPerformance, Performance, QueuePerformance
from nettwin.predict.check import check_predictor, least_delay_s, violations


class Unloaded:
    """A network without queues: every packet takes propagation plus transmission."""

    name = "unloaded"

    def predict(self, scenario):
        routing, traffic = route(scenario), scenario.traffic
        delay = np.where((routing.routed_share > 0) & (traffic.rate_bps > 0), least_delay_s(scenario, routing), np.nan)
        loss = np.where(traffic.rate_bps > 0, 1 - routing.routed_share, 0.0)
        demands = DemandPerformance(
            delay_s=delay,
            delay_variation_s=delay * 0,
            ipdv_s=delay * 0,
            delay_quantiles_s=np.tile(delay[:, None], (1, 8)),
            loss_ratio=loss,
            offered_bps=traffic.rate_bps,
            throughput_bps=traffic.rate_bps * (1 - loss),
        )
        links = LinkPerformance.unknown(scenario.topology.n_links)
        return Performance(demands=demands, queues=QueuePerformance.unknown(scenario.topology.n_queues), links=links, engine=self.name)


class Spoiled:
    """The correct answer, with one figure spoiled."""

    name = "spoiled"

    def __init__(self, spoil):
        self.spoil = spoil

    def predict(self, scenario):
        return self.spoil(Unloaded().predict(scenario))


def with_demands(**spoils):
    def spoil(answer):
        columns = {name: change(getattr(answer.demands, name).copy()) for name, change in spoils.items()}
        return replace(answer, demands=replace(answer.demands, **columns))

    return spoil


def test_a_correct_predictor_passes():
    check_predictor(Unloaded())


SPOILS = {
    "delay_s is below propagation": with_demands(delay_s=lambda d: d * 0.9),
    "a delay quantile is below": with_demands(delay_quantiles_s=lambda q: q * 0.9),
    "delay quantiles are not ordered": with_demands(delay_quantiles_s=lambda q: q * np.linspace(2, 1, 8)),
    "delay_s without a delivered packet": with_demands(delay_s=np.nan_to_num),
    "loss_ratio of an unreachable demand": with_demands(loss_ratio=np.zeros_like),
    "throughput_bps of an unreachable": with_demands(throughput_bps=lambda t: t * 0 + 1.0),
    "more is received than sent": with_demands(throughput_bps=lambda t: t * 2),
    "a demand that sends nothing loses": with_demands(loss_ratio=np.ones_like),
    "demands.loss_ratio is 1.5, above 1": with_demands(loss_ratio=lambda x: x + 0.5),
    "demands.ipdv_s is negative": with_demands(ipdv_s=lambda x: x - 1),
    "demands.delay_variation_s is infinite": with_demands(delay_variation_s=lambda x: x + np.inf),
    "demands.loss_ratio has shape": with_demands(loss_ratio=lambda x: np.append(x, 0.0)),
    "does not name its engine": lambda answer: replace(answer, engine=""),
    "is_trusted has shape": lambda answer: replace(answer, is_trusted=np.ones(99, dtype=bool)),
    "not a Performance": lambda answer: answer.demands,
    "nothing is claimed at all": lambda answer: replace(answer, demands=DemandPerformance.unknown(len(answer.demands.delay_s))),
    "quantile levels": lambda answer: replace(answer, quantile_levels=tuple(reversed(answer.quantile_levels))),
}


@pytest.mark.parametrize("sentence", SPOILS)
def test_every_mistake_is_found(sentence):
    assert any(sentence in violation for violation in violations(Spoiled(SPOILS[sentence])))


def test_chance_without_a_seed_is_found():
    rng = np.random.default_rng(0)
    spoiled = Spoiled(with_demands(delay_s=lambda d: d * (1 + rng.random())))
    with pytest.raises(PredictionError, match="delay_s differs when the same question is asked twice"):
        check_predictor(spoiled)


def test_a_changed_scenario_is_found():
    class Meddler(Unloaded):
        def predict(self, scenario):
            answer = super().predict(scenario)
            object.__setattr__(scenario.traffic, "rate_bps", scenario.traffic.rate_bps + 1)
            return answer

    assert any("the scenario was changed" in violation for violation in violations(Meddler()))


def test_optional_questions_may_be_refused_and_plain_ones_not():
    class OnlyPlain(Unloaded):
        def predict(self, scenario):
            if len(scenario.topology.links[0].scheduling.queues) > 1:
                raise PredictionError("one queue only")
            return super().predict(scenario)

    class Mute(Unloaded):
        def predict(self, scenario):
            raise PredictionError("never")

    check_predictor(OnlyPlain())
    assert len(violations(Mute())) == 4
