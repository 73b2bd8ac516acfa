"""The index of dispersion of every arrival process, against theory and against sampled sources."""

import numpy as np
import pytest

from nettwin.queueing.dispersion import exponential_hermite_shares, index_of_dispersion
from nettwin.scenario import (
    ArrivalProcess,
    AutocorrelatedExponential,
    CarriedOnOff,
    ConstantBitRate,
    ModulatedExponential,
    OnOff,
    PacketTrace,
    Poisson,
)


def dispersion(process: ArrivalProcess, rate: float, window_s: float) -> float:
    return float(index_of_dispersion(process, np.array([rate]), np.array([window_s]))[0])


def sampled(times_s: np.ndarray, window_s: float, rng: np.random.Generator) -> float:
    start = rng.uniform(0, times_s[-1] - window_s, 100_000)
    counts = np.searchsorted(times_s, start + window_s) - np.searchsorted(times_s, start)
    return float(counts.var() / counts.mean())


def on_off_times(peak: float, on_s: float, off_s: float, rng: np.random.Generator) -> np.ndarray:
    """Fresh phase in each ON period."""
    times, now = [], 0.0
    for on, off, phase in zip(rng.exponential(on_s, 20_000), rng.exponential(off_s, 20_000), rng.uniform(size=20_000), strict=True):
        now += off
        times.append(now + np.arange(phase / peak, on, 1 / peak))
        now += on
    return np.concatenate(times)


def carried_times(peak: float, on_s: float, off_s: float, rng: np.random.Generator) -> np.ndarray:
    """What is left of an ON credit is carried over."""
    credit, gap = np.cumsum(rng.exponential(on_s, 20_000)) * peak, 1 / peak
    packets = np.diff(np.floor(credit), prepend=0.0).astype(int) + 1
    starts_of_cycle = np.cumsum(rng.exponential(off_s, 20_000) + np.r_[0, packets[:-1] - 1] * gap)
    return np.concatenate([start + np.arange(n) * gap for start, n in zip(starts_of_cycle, packets, strict=True)])


def test_poisson_is_one_at_all_times() -> None:
    assert [dispersion(Poisson(), 3.0, t) for t in (1e-3, 1.0, 1e3)] == [1.0, 1.0, 1.0]


def test_constant_bit_rate_counts_one_of_two_neighbours() -> None:
    assert dispersion(ConstantBitRate(), 10.0, 0.05) == pytest.approx(0.5)  # 0 or 1 packet with equal chance: 1/4 over 1/2
    assert dispersion(ConstantBitRate(), 10.0, 0.3) == pytest.approx(0.0, abs=1e-9)
    assert dispersion(ConstantBitRate(), 10.0, 100.25) < 1e-3


def test_equal_rates_make_a_modulated_process_poisson() -> None:
    assert dispersion(ModulatedExponential(1.0, 0.2, 0.7), 10.0, 3.0) == pytest.approx(1.0)


def test_modulated_process_reaches_its_limit() -> None:
    # rates 30 and 10, both for half of the time, memory 0.25 s: 1 + 2 * 10**2 * 0.25 / 20
    process = ModulatedExponential(3.0, 0.5, 0.5)
    assert dispersion(process, 20.0, 1e5) == pytest.approx(3.5, rel=1e-4)
    assert dispersion(process, 20.0, 1e-6) == pytest.approx(1.0, rel=1e-4)


def test_autocorrelated_process_reaches_the_sum_of_its_correlations() -> None:
    shares = exponential_hermite_shares()
    assert shares.sum() == pytest.approx(1.0, abs=0.01)
    r = 0.6
    limit = 1 + 2 * sum(share * r**k / (1 - r**k) for k, share in enumerate(shares, start=1))
    assert dispersion(AutocorrelatedExponential(r), 5.0, 1e6) == pytest.approx(limit, rel=1e-4)
    assert dispersion(AutocorrelatedExponential(0.0), 5.0, 10.0) == pytest.approx(1.0)


@pytest.mark.parametrize("peak", [1.0, 8.0])
@pytest.mark.parametrize("window_s", [0.05, 0.5, 4.0, 40.0])
def test_on_off_as_sampled(peak: float, window_s: float) -> None:
    rng = np.random.default_rng(5)
    expected = sampled(on_off_times(peak, 5.0, 5.0, rng), window_s, rng)
    assert dispersion(OnOff(5.0, 5.0), peak / 2, window_s) == pytest.approx(expected, rel=0.06, abs=0.06)


@pytest.mark.parametrize("peak", [1.0, 8.0])
@pytest.mark.parametrize("window_s", [0.05, 0.5, 4.0, 40.0])
def test_carried_on_off_as_sampled(peak: float, window_s: float) -> None:
    rng = np.random.default_rng(6)
    process = CarriedOnOff(5.0, 5.0)
    expected = sampled(carried_times(peak, 5.0, 5.0, rng), window_s, rng)
    assert dispersion(process, process.mean_packet_rate(peak), window_s) == pytest.approx(expected, rel=0.06, abs=0.06)


def test_short_on_periods_without_room_for_two_packets() -> None:
    """A source that sends at most about one packet per ON period is nearly a thinned Poisson process."""
    assert dispersion(OnOff(0.01, 1.0), 0.05, 1e4) == pytest.approx(1.0, rel=0.1)


def test_trace_of_a_poisson_process() -> None:
    rng = np.random.default_rng(7)
    times = np.sort(rng.uniform(0, 2000.0, 20_000))
    trace = PacketTrace(times, np.full(20_000, 1000.0), 2000.0)
    assert dispersion(trace, 10.0, 0.5) == pytest.approx(1.0, rel=0.05)


def test_trace_of_equal_gaps_and_across_its_end() -> None:
    trace = PacketTrace(np.arange(100) * 0.1, np.full(100, 1000.0), 10.0)
    assert dispersion(trace, 10.0, 0.05) == pytest.approx(0.5, rel=0.01)
    assert dispersion(trace, 10.0, 23.0) == pytest.approx(0.0, abs=1e-6)


def test_many_sources_of_all_kinds_keep_their_places() -> None:
    from nettwin.queueing.dispersion import sources

    table = (ConstantBitRate(), Poisson(), OnOff(1.0, 2.0), ModulatedExponential(4.0, 0.1, 0.1))
    index, rate = np.array([3, 1, 0, 2, 0, 3]), np.array([5.0, 4.0, 3.0, 2.0, 1.0, 0.0])
    window = np.full(6, 0.2)
    found = sources(table, index, rate).excess(window)
    for row in range(5):
        assert found[row] + 1 == pytest.approx(dispersion(table[index[row]], rate[row], 0.2))
    assert found[5] == 0.0  # nothing is sent
