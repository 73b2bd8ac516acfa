"""The simulator against queueing theory, on a fixed set of seeds.

Every case gives an estimate per seed and Student's t of their mean. With this many cases some would leave their 99 % interval by chance,
so each is held to the family's 99 % (Bonferroni), and the number outside their own 99 % to what chance explains.
"""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import pytest
from scipy.stats import binom
from scipy.stats import t as student

from nettwin.scenario import (
    ConstantBitRate,
    Demand,
    Discipline,
    EmpiricalSizes,
    ExponentialSize,
    FixedSize,
    Queue,
    Scenario,
    Scheduling,
    TruncatedExponentialSize,
)
from nettwin.simulation import SimulationResult
from simulated_networks import MEAN_BITS, line, one_queue, run

SEEDS = range(1000, 1016)
PACKETS = 120_000
SERVICE_S = MEAN_BITS / 1e6
EXPONENTIAL = ExponentialSize(MEAN_BITS)
FIXED = FixedSize(MEAN_BITS)
MIX = EmpiricalSizes((400.0, 1000.0, 4000.0), (0.5, 0.4, 0.1))
TRUNCATED = TruncatedExponentialSize(1000.0, 200.0, 3000.0)

Figure = Callable[[SimulationResult], float]
Case = tuple[Scenario, Figure, float, dict[str, object]]


def _delay(result: SimulationResult) -> float:
    return float(result.performance.demands.delay_s[0])


def _variance(result: SimulationResult) -> float:
    return float(result.performance.demands.delay_variation_s[0] ** 2)


def _loss(result: SimulationResult) -> float:
    return float(result.performance.demands.loss_ratio[0])


def _packets(result: SimulationResult) -> float:
    return float(result.performance.queues.occupancy_packets[0])


def _p90(result: SimulationResult) -> float:
    return float(result.performance.delay_quantile_s(0.9)[0])


def _pollaczek_khinchine(load: float, sizes: object) -> float:
    """Mean delay of M/G/1."""
    rate = load * 1e6 / sizes.mean_bits
    waiting = rate * sizes.second_moment_bits2 / 1e12 / (2 * (1 - load))
    return waiting + sizes.mean_bits / 1e6


def _mm1k_loss(load: float, places: int) -> float:
    return (1 - load) * load**places / (1 - load ** (places + 1))


def _mm1k_delay(load: float, places: int) -> float:
    """Of accepted packets, by Little's law."""
    p = load ** np.arange(places + 1)
    p /= p.sum()
    accepted = load / SERVICE_S * (1 - p[-1])
    return float((np.arange(places + 1) * p).sum() / accepted)


def _priorities(loads: tuple[float, float], sizes: object) -> Scenario:
    scheduling = Scheduling(Discipline.STRICT_PRIORITY, (Queue(), Queue()))
    demands = [Demand("0", "1", load * 1e6, traffic_class=i, packet_sizes=sizes) for i, load in enumerate(loads)]
    return line(1, demands, scheduling)


def _cobham(loads: tuple[float, float], sizes: object, traffic_class: int) -> float:
    """Mean delay under non-preemptive priority (Cobham, Operations Research 2(1), 1954)."""
    rate = sum(loads) * 1e6 / sizes.mean_bits
    residual = rate * sizes.second_moment_bits2 / 1e12 / 2
    before, until = sum(loads[:traffic_class]), sum(loads[: traffic_class + 1])
    return residual / ((1 - before) * (1 - until)) + sizes.mean_bits / 1e6


def _delay_of(demand: int) -> Figure:
    return lambda result: float(result.performance.demands.delay_s[demand])


def _tandem(sizes: object, load: float, n_hops: int) -> Scenario:
    return line(n_hops, [Demand("0", str(n_hops), load * 1e6, packet_sizes=sizes)])


def _places(packets: int, *, holds: bool) -> Scenario:
    scheduling = Scheduling(queues=(Queue(buffer_packets=packets),), buffer_holds_packet_in_service=holds)
    return line(1, [Demand("0", "1", 0.9e6, packet_sizes=EXPONENTIAL)], scheduling)


RESAMPLED = {"resample_sizes_per_hop": True}
CASES: dict[str, Case] = {
    "M/M/1 at 0.5: delay": (one_queue(0.5, EXPONENTIAL), _delay, SERVICE_S / 0.5, {}),
    "M/M/1 at 0.5: delay variance": (one_queue(0.5, EXPONENTIAL), _variance, (SERVICE_S / 0.5) ** 2, {}),
    "M/M/1 at 0.5: p90": (one_queue(0.5, EXPONENTIAL), _p90, SERVICE_S / 0.5 * np.log(10), {}),
    "M/M/1 at 0.8: delay": (one_queue(0.8, EXPONENTIAL), _delay, SERVICE_S / 0.2, {}),
    "M/M/1 at 0.8: occupancy": (one_queue(0.8, EXPONENTIAL), _packets, 0.8 / 0.2, {}),
    "M/D/1 at 0.8: delay": (one_queue(0.8), _delay, _pollaczek_khinchine(0.8, FIXED), {}),
    "M/D/1 at 0.3: delay": (one_queue(0.3), _delay, _pollaczek_khinchine(0.3, FIXED), {}),
    "M/G/1, a mix of sizes: delay": (one_queue(0.7, MIX), _delay, _pollaczek_khinchine(0.7, MIX), {}),
    "M/G/1, truncated sizes: delay": (one_queue(0.7, TRUNCATED), _delay, _pollaczek_khinchine(0.7, TRUNCATED), {}),
    "M/M/1/9 at 0.9: loss": (_places(9, holds=True), _loss, _mm1k_loss(0.9, 9), {}),
    "M/M/1/9 at 0.9: delay": (_places(9, holds=True), _delay, _mm1k_delay(0.9, 9), {}),
    "M/M/1/9 at 1.5: loss": (one_queue(1.5, EXPONENTIAL, Queue(buffer_packets=9)), _loss, _mm1k_loss(1.5, 9), {}),
    "M/M/1/9, the server apart: loss": (_places(8, holds=False), _loss, _mm1k_loss(0.9, 9), {}),
    "M/M/1/9, the server apart: delay": (_places(8, holds=False), _delay, _mm1k_delay(0.9, 9), {}),
    "M/D/1 and a second hop": (
        _tandem(FIXED, 0.8, 2),
        _delay,
        _pollaczek_khinchine(0.8, FIXED) + SERVICE_S,
        {},
    ),
    "Jackson, 3 hops: delay": (_tandem(EXPONENTIAL, 0.6, 3), _delay, 3 * SERVICE_S / 0.4, RESAMPLED),
    "Jackson, 3 hops: delay variance": (_tandem(EXPONENTIAL, 0.6, 3), _variance, 3 * (SERVICE_S / 0.4) ** 2, RESAMPLED),
    "priority, first class": (_priorities((0.3, 0.4), EXPONENTIAL), _delay_of(0), _cobham((0.3, 0.4), EXPONENTIAL, 0), {}),
    "priority, second class": (_priorities((0.3, 0.4), EXPONENTIAL), _delay_of(1), _cobham((0.3, 0.4), EXPONENTIAL, 1), {}),
    "priority, mixed sizes, first class": (_priorities((0.5, 0.2), MIX), _delay_of(0), _cobham((0.5, 0.2), MIX, 0), {}),
    "priority, mixed sizes, second class": (_priorities((0.5, 0.2), MIX), _delay_of(1), _cobham((0.5, 0.2), MIX, 1), {}),
}


@cache
def _simulated(name: str) -> tuple[SimulationResult, ...]:
    scenario, _, _, settings = CASES[name]
    return tuple(run(scenario, seed=seed, packets=PACKETS, replications=1, **settings) for seed in SEEDS)


@cache
def _score(name: str) -> float:
    return _distance(name, _simulated(name))


def _distance(name: str, results: Sequence[SimulationResult]) -> float:
    """Distance of the estimate from theory in standard errors."""
    _, figure, theory, _ = CASES[name]
    values = np.array([figure(result) for result in results])
    return float((values.mean() - theory) / (values.std(ddof=1) / np.sqrt(len(values))))


def _limit(coverage: float, n_seeds: int = len(SEEDS)) -> float:
    return float(student.ppf(0.5 + coverage / 2, n_seeds - 1))


@pytest.mark.parametrize("name", CASES)
def test_agrees_with_theory(name: str) -> None:
    assert abs(_score(name)) < _limit(1 - 0.01 / len(CASES))


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_agrees_with_theory_over_more_and_longer_runs(name: str) -> None:
    scenario, _, _, settings = CASES[name]
    results = [run(scenario, seed=seed, packets=600_000, replications=1, **settings) for seed in range(2000, 2050)]
    assert abs(_distance(name, results)) < _limit(1 - 0.01 / len(CASES), len(results))


def test_no_more_than_chance_are_outside_their_own_interval() -> None:
    outside = sum(abs(_score(name)) > _limit(0.99) for name in CASES)
    assert outside <= binom.ppf(0.99, len(CASES), 0.01)


def test_estimates_are_precise_enough_to_mean_something() -> None:
    """A simulator with huge variance would pass any test of its mean."""
    for name, (_, figure, theory, _) in CASES.items():
        values = np.array([figure(result) for result in _simulated(name)])
        assert values.std(ddof=1) / np.sqrt(len(values)) < 0.02 * theory, name


def test_seeds_are_independent() -> None:
    """Replications of neighboring seeds: the variance between them is that of the batch means within."""
    results = _simulated("M/M/1 at 0.5: delay")
    between = np.std([_delay(result) for result in results], ddof=1)
    within = np.mean([result.relative_half_width * _delay(result) for result in results]) / student.ppf(0.975, 19)
    assert 0.5 < between / within < 2.0


def test_the_second_of_two_equal_hops_has_no_queue() -> None:
    """Packets of one size leave the first hop no closer than their transmission time."""
    result = _simulated("M/D/1 and a second hop")[0]
    assert result.performance.queues.delay_s[1] == pytest.approx(SERVICE_S, rel=1e-9)


@pytest.mark.parametrize("discipline", [Discipline.WFQ, Discipline.DRR, Discipline.LEAST_SERVED, Discipline.VIRTUAL_CLOCK])
def test_saturated_queues_share_by_weight(discipline: Discipline) -> None:
    weights = (1.0, 2.0, 5.0)
    scheduling = Scheduling(discipline, tuple(Queue(buffer_packets=50, weight=w) for w in weights), quantum_bits=2000.0)
    demands = [Demand("0", "1", 1.5e6, traffic_class=i, packet_sizes=MIX) for i in range(3)]
    result = run(line(1, demands, scheduling), seed=5, packets=200_000, replications=1)
    shares = result.performance.queues.utilization
    assert shares.sum() == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_allclose(shares, np.array(weights) / 8, rtol=2e-3)


def test_fair_queueing_bounds_the_delay_of_a_smooth_demand() -> None:
    """Golestani (INFOCOM 1994): at or below its share, a packet waits one of its own gaps and one packet of each other queue at most."""
    weights = (1.0, 4.0, 5.0)
    scheduling = Scheduling(Discipline.WFQ, tuple(Queue(buffer_packets=100, weight=w) for w in weights))
    smooth = Demand("0", "1", 0.099e6, traffic_class=0, arrivals=ConstantBitRate(), packet_sizes=FixedSize(1000.0))
    greedy = [Demand("0", "1", 2e6, traffic_class=i, packet_sizes=MIX) for i in (1, 2)]
    result = run(line(1, [smooth, *greedy], scheduling), seed=6, packets=300_000, replications=1)
    bound = 1000.0 / (0.1 * 1e6) + 2 * 4000.0 / 1e6
    longest = result.performance.demands.delay_quantiles_s[0, -1]
    assert longest <= bound
    assert result.performance.demands.delay_s[1] > bound  # the others do wait
