"""Arrival processes and packet sizes: rates, gaps and their memory."""

import numpy as np
import pytest

from nettwin.controlplane import route
from nettwin.scenario import (
    ArrivalProcess,
    AutocorrelatedExponential,
    CarriedOnOff,
    ConstantBitRate,
    EmpiricalSizes,
    ExponentialSize,
    FixedSize,
    ModulatedExponential,
    OnOff,
    PacketSizes,
    PacketTrace,
    Poisson,
    TruncatedExponentialSize,
)
from nettwin.scenario.arrays import FloatArray
from nettwin.simulation import SimulationSettings, Stage
from nettwin.simulation.kernels.sources import arrival_times
from nettwin.simulation.state import Program, initial_state
from simulated_networks import one_queue, run

RATE = 500.0
N = 200_000


def _times(arrivals: ArrivalProcess, seed: int = 3, rate: float = RATE) -> FloatArray:
    scenario = one_queue(rate * 1000 / 1e6, FixedSize(1000.0), arrivals=arrivals)
    state = initial_state(Program.of((Stage(scenario, route(scenario)),)), SimulationSettings(seed=seed), 0)
    times = np.zeros(N)
    arrival_times(state, 0, times)
    return times


def _memory(gaps: FloatArray) -> float:
    return float(np.corrcoef(gaps[:-1], gaps[1:])[0, 1])


def _dispersion(times: FloatArray, window_s: float) -> float:
    """Variance over mean of the packets per window."""
    counts = np.bincount((times / window_s).astype(np.int64))[1:-1]
    return float(counts.var() / counts.mean())


@pytest.mark.parametrize(
    ("arrivals", "tolerance"),
    [
        (Poisson(), 0.01),
        (ConstantBitRate(), 1e-4),
        (OnOff(0.1, 0.3), 0.03),
        (OnOff(0.001, 0.003), 0.02),
        (CarriedOnOff(0.1, 0.3), 0.03),
        (CarriedOnOff(0.01, 0.02), 0.02),
        (AutocorrelatedExponential(0.5), 0.02),
        (ModulatedExponential(10.0, 0.05, 0.2), 0.03),
        (ModulatedExponential(0.1, 0.05, 0.2), 0.03),
        (PacketTrace(np.array([0.0, 0.25]), np.array([1000.0, 1000.0]), 0.004 * 100), 1e-3),
    ],
)
def test_mean_rate(arrivals: ArrivalProcess, tolerance: float) -> None:
    rate = 5.0 if isinstance(arrivals, PacketTrace) else RATE
    times = _times(arrivals)
    assert bool(np.all(np.diff(times) >= 0))
    assert times[0] >= 0
    assert (N - 1) / (times[-1] - times[0]) == pytest.approx(rate, rel=tolerance)


def test_poisson_gaps_are_exponential_without_memory() -> None:
    gaps = np.diff(_times(Poisson())) * RATE
    assert gaps.var() == pytest.approx(1.0, rel=0.02)
    assert (gaps > 3).mean() == pytest.approx(np.exp(-3), rel=0.05)
    assert (gaps > 8).mean() == pytest.approx(np.exp(-8), rel=0.4)  # beyond the ziggurat's last layer
    assert abs(_memory(gaps)) < 0.01


def test_constant_gaps_are_equal_from_a_random_phase() -> None:
    np.testing.assert_allclose(np.diff(_times(ConstantBitRate())), 1 / RATE, rtol=1e-6)
    phases = [_times(ConstantBitRate(), seed)[0] * RATE for seed in range(5)]
    assert len(set(phases)) == 5
    assert max(phases) < 1


def test_autocorrelated_gaps_are_exponential_with_the_memory_of_the_gaussian() -> None:
    gaps = np.diff(_times(AutocorrelatedExponential(0.6))) * RATE
    rng = np.random.default_rng(1)
    z = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], 400_000)
    from scipy.stats import norm

    pairs = -np.log(norm.sf(z))
    assert gaps.var() == pytest.approx(1.0, rel=0.05)
    assert (gaps > 2).mean() == pytest.approx(np.exp(-2), rel=0.03)
    assert _memory(gaps) == pytest.approx(np.corrcoef(pairs.T)[0, 1], abs=0.02)


def test_modulated_gaps_have_the_dispersion_of_the_theory() -> None:
    """Fischer & Meier-Hellstern (1993), section 2: the limit of the index of dispersion of counts."""
    process = ModulatedExponential(5.0, 0.02, 0.03)
    high, low = process.state_rates(RATE)
    leave_high, leave_low = 1 / process.high_s, 1 / process.low_s
    both = leave_high + leave_low
    limit = 1 + 2 * (high - low) ** 2 * leave_high * leave_low / (both**2 * (high * leave_low + low * leave_high))
    assert _dispersion(_times(process), 2.0) == pytest.approx(limit, rel=0.2)


def test_on_off_gaps_are_the_peak_gap_or_a_silence() -> None:
    gaps = np.diff(_times(OnOff(0.1, 0.3)))
    peak_gap = 1 / (4 * RATE)
    is_peak = np.isclose(gaps, peak_gap, rtol=1e-6)
    assert is_peak.mean() > 0.99
    silences = gaps[gaps > 20 * peak_gap]
    assert silences.mean() == pytest.approx(0.3 + 20 * peak_gap, rel=0.15)


def test_carried_on_off_sends_one_packet_more_per_cycle() -> None:
    process = CarriedOnOff(5.0, 5.0)
    peak = process.peak_packet_rate(2.0)
    assert peak == pytest.approx((2.0 * 10 - 1) / 5)
    gaps = np.diff(_times(process, rate=2.0))
    is_peak = np.isclose(gaps, 1 / peak, rtol=1e-6)
    packets_per_cycle = len(gaps) / (~is_peak).sum()
    assert packets_per_cycle == pytest.approx(1 + peak * 5.0, rel=0.02)
    assert gaps[~is_peak].mean() == pytest.approx(5.0, rel=0.03)


def test_a_trace_is_repeated_with_its_own_times_and_sizes() -> None:
    trace = PacketTrace(np.array([0.1, 0.2, 0.2]), np.array([100.0, 700.0, 300.0]), 0.5)
    times = _times(trace)
    np.testing.assert_allclose(times[:7], [0.1, 0.2, 0.2, 0.6, 0.7, 0.7, 1.1])
    from simulated_networks import observed

    scenario = observed(one_queue(trace.rate_bps / 1e6, arrivals=trace), 10.0)
    result = run(scenario)
    assert result.performance.demands.offered_bps[0] == pytest.approx(1100 / 0.5)


@pytest.mark.parametrize(
    "sizes",
    [
        FixedSize(3000.0),
        ExponentialSize(3000.0),
        TruncatedExponentialSize(4000.0, 320.0, 12000.0),
        EmpiricalSizes((320.0, 4608.0, 12000.0), (7 / 12, 4 / 12, 1 / 12)),
        EmpiricalSizes(tuple(float(s) for s in range(100, 2100, 100)), (0.05,) * 20),
    ],
)
def test_mean_and_variance_of_packet_sizes(sizes: PacketSizes) -> None:
    """Measured as the transmission times of an almost idle link."""
    result = run(one_queue(1e-4, sizes), packets=100_000, replications=1)
    transmission = result.performance.demands.delay_s[0]
    second = result.performance.demands.delay_variation_s[0] ** 2 + transmission**2
    assert transmission == pytest.approx(sizes.mean_bits / 1e6, rel=0.02)
    assert second == pytest.approx(sizes.second_moment_bits2 / 1e12, rel=0.05)
    assert result.served_size_bits[0] == pytest.approx(sizes.mean_bits, rel=0.02)


@pytest.mark.parametrize("process", [OnOff(1e-3, 1e-3), ModulatedExponential(5.0, 1e-3, 1e-3)])
def test_bursts_that_hardly_ever_hold_a_packet_do_not_cost_time(process: ArrivalProcess) -> None:
    times = _times(process, rate=1e-6)
    assert (N - 1) / times[-1] == pytest.approx(1e-6, rel=0.02)
