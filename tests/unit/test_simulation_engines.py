"""Two engines, many settings: one sample path."""

import numpy as np
import pytest

from nettwin.errors import NotConvergedError, PredictionError, ScenarioError
from nettwin.scenario import (
    AutocorrelatedExponential,
    CarriedOnOff,
    ConstantBitRate,
    Demand,
    Discipline,
    ExponentialSize,
    ModulatedExponential,
    OnOff,
    PacketTrace,
    Poisson,
    Queue,
    Scheduling,
)
from nettwin.simulation import Engine, SimulationSettings
from nettwin.simulation.seeds import stream_seeds
from simulated_networks import FIXED, assert_same, line, mesh, observed, one_queue, run

TRACE = PacketTrace(np.array([0.0, 0.0, 0.004, 0.02]), np.array([1000.0, 1000.0, 500.0, 12000.0]), 0.1)
PROCESSES = (
    Poisson(),
    ConstantBitRate(),
    OnOff(0.02, 0.03),
    CarriedOnOff(0.05, 0.05),
    AutocorrelatedExponential(0.5),
    ModulatedExponential(4.0, 0.02, 0.05),
    TRACE,
    TRACE,
)


@pytest.mark.parametrize("queue", [Queue(), Queue(buffer_bits=12_000.0), Queue(buffer_packets=6)], ids=["infinite", "bits", "packets"])
@pytest.mark.parametrize("discipline", Discipline)
def test_both_engines_give_the_same_sample_paths(discipline: Discipline, queue: Queue) -> None:
    """Overload, all sources, packets that arrive at the same moment."""
    scenario = observed(mesh(discipline, queue, PROCESSES, load=1.05, propagation_s=2e-3), 20.0, 2.0)
    events, windows = (run(scenario, seed=4, engine=engine) for engine in (Engine.EVENT, Engine.WINDOW))
    assert events.n_hops == windows.n_hops > 20_000
    assert_same(events, windows, tolerance=1e-9)


def test_an_idle_service_place_takes_a_packet_that_the_full_buffer_would_not() -> None:
    """With the server apart, a buffer of one packet holds one waiting packet more than with it."""
    times, sizes = np.array([0.0, 1e-5, 2e-5, 3e-5]), np.full(4, 1000.0)
    burst = PacketTrace(times, sizes, 10.0)
    lost = {}
    for holds in (True, False):
        scheduling = Scheduling(queues=(Queue(buffer_packets=1),), buffer_holds_packet_in_service=holds)
        demand = Demand("0", "1", burst.rate_bps, arrivals=burst, packet_sizes=FIXED)
        lost[holds] = run(observed(line(1, [demand], scheduling), 5.0)).lost_packets[0]
    assert lost == {True: 3, False: 2}


def test_the_engine_is_chosen_by_the_lookahead() -> None:
    long_links, no_propagation = mesh(propagation_s=0.05), mesh(propagation_s=0.0, sizes=ExponentialSize(1000.0))
    assert run(long_links, packets=2000).engine == Engine.WINDOW
    assert run(no_propagation, packets=2000).engine == Engine.EVENT
    with pytest.raises(PredictionError, match="no lookahead"):
        run(no_propagation, packets=2000, engine=Engine.WINDOW)


def test_the_answer_does_not_depend_on_the_number_of_workers() -> None:
    scenario = mesh()
    one, two = (run(scenario, seed=1, packets=40_000, replications=3, workers=workers) for workers in (1, 2))
    assert_same(one, two)


def test_seeds_differ() -> None:
    one, two = (run(one_queue(0.5), seed=seed, packets=5000) for seed in (1, 2))
    assert one.performance.demands.delay_s[0] != two.performance.demands.delay_s[0]


def test_streams_are_not_shifted_copies_of_each_other() -> None:
    """Neighboring seeds, replications and demands: no common word, and half of all bits differ."""
    words = np.concatenate([np.stack(stream_seeds(seed, replication, 50)).ravel() for seed in range(4) for replication in range(3)])
    assert len(np.unique(words)) == len(words)
    bits = np.unpackbits(words.view(np.uint8)).reshape(len(words), 64)
    assert bits.mean() == pytest.approx(0.5, abs=0.02)
    assert (bits[:-1] != bits[1:]).mean() == pytest.approx(0.5, abs=0.02)


def test_a_what_if_shares_its_random_numbers() -> None:
    """The same packets are sent at the same times over another path."""
    scenario = one_queue(0.5)
    slower = line(2, [Demand("0", "2", 0.5e6, packet_sizes=FIXED)])
    one, two = (run(observed(each, 50.0), seed=3) for each in (scenario, slower))
    assert one.performance.demands.offered_bps[0] == two.performance.demands.offered_bps[0]
    waiting = [result.performance.queues.delay_s[0] for result in (one, two)]
    assert waiting[0] == pytest.approx(waiting[1], rel=1e-12)


def test_precision_is_reached_or_said_to_be_missed() -> None:
    scenario = one_queue(0.5)
    reached = run(scenario, seed=1, packets=1e6, precision=0.02)
    assert reached.has_converged
    assert reached.relative_half_width <= 0.02
    assert reached.n_packets < 1e6
    missed = run(scenario, seed=1, packets=1e4, precision=0.001)
    assert not missed.has_converged
    assert "not known to 0.10%" in missed.performance.doubts[0]
    assert reached.performance.doubts == ()
    with pytest.raises(NotConvergedError, match=r"not known to 0\.10%"):
        run(scenario, seed=1, packets=1e4, precision=0.001, is_strict=True)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupt_ends_all_replications_soon(workers: int) -> None:
    """Hours of work, given up at the first sign of progress."""

    def interrupt(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(one_queue(0.5), packets=1e11, workers=workers, progress=interrupt)


def test_intervals_cover_what_they_promise() -> None:
    """80 % intervals of M/D/1 over 60 seeds: between 65 % and 92 % of them hold the truth."""
    truth = 0.001 * (1 + 0.5 / (2 * 0.5))
    held = 0
    for seed in range(60):
        interval = run(one_queue(0.5), seed=seed, packets=20_000, coverage=0.8).performance.interval
        assert interval is not None
        held += int(interval.lower.delay_s[0] <= truth <= interval.upper.delay_s[0])
    assert 39 <= held <= 55


def test_endless_growth_is_an_error_before_memory_runs_out() -> None:
    scenario = line(2, [Demand("0", "2", 4e6, packet_sizes=FIXED)])
    with pytest.raises(PredictionError, match="without bound"):
        run(observed(scenario, 100.0), max_packets_in_flight=10_000)


@pytest.mark.parametrize("engine", [Engine.EVENT, Engine.WINDOW])
def test_memory_grows_with_the_packets_in_flight(engine: Engine) -> None:
    """More packets under way than the first rows hold: nothing is lost."""
    scenario = line(2, [Demand("0", "2", 0.9e6, packet_sizes=FIXED)], propagation_s=20.0)
    result = run(observed(scenario, 100.0), engine=engine)
    assert result.lost_packets[0] == 0
    assert result.delivered_packets[0] == pytest.approx(900 * 60, rel=0.02)


def test_an_overloaded_infinite_queue_is_not_trusted() -> None:
    result = run(one_queue(1.2), packets=20_000)
    assert result.performance.is_trusted is not None
    assert not result.performance.is_trusted[0]
    assert result.performance.doubts == ("there is no steady state: 1 overloaded links with infinite buffers (0->1)",)
    assert result.performance.links.utilization[0] == pytest.approx(1.0, abs=1e-6)


def test_no_traffic_at_all() -> None:
    result = run(one_queue(0.0))
    assert result.n_packets == 0
    assert result.performance.links.utilization[0] == 0
    assert np.isnan(result.performance.demands.delay_s[0])


def test_progress_is_told() -> None:
    shares: list[float] = []
    run(one_queue(0.5), packets=10_000, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.parametrize("wrong", [{"packets": 0}, {"precision": 2}, {"workers": 0}, {"engine": "abacus"}, {"replications": 0}])
def test_settings_check_themselves(wrong: dict[str, object]) -> None:
    with pytest.raises(ScenarioError):
        SimulationSettings(**wrong)
