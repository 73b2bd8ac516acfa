import math

import numpy as np
import pytest

from nettwin.errors import ScenarioError
from nettwin.scenario import (
    INTERNET_MIX,
    AutocorrelatedExponential,
    CarriedOnOff,
    Discipline,
    EmpiricalSizes,
    ExponentialSize,
    FixedSize,
    ModulatedExponential,
    OnOff,
    PacketSizes,
    PacketTrace,
    Queue,
    Scheduling,
    TruncatedExponentialSize,
)


def truncated_samples(sizes: TruncatedExponentialSize, n: int = 400_000) -> np.ndarray:
    """Evenly spaced quantiles of an exponential conditioned on an interval: a midpoint rule for its moments."""
    share = (np.arange(n) + 0.5) / n
    width = sizes.max_bits - sizes.min_bits
    return sizes.min_bits - sizes.scale_bits * np.log1p(share * np.expm1(-width / sizes.scale_bits))


@pytest.mark.parametrize(
    ("scale", "low", "high"), [(8000.0, 256.0, 12000.0), (100.0, 0.0, 12000.0), (1e6, 320.0, 12000.0), (3000.0, 512.0, 520.0)]
)
def test_moments_of_truncated_exponential_sizes(scale: float, low: float, high: float) -> None:
    sizes = TruncatedExponentialSize(scale, low, high)
    samples = truncated_samples(sizes)
    assert sizes.mean_bits == pytest.approx(samples.mean(), rel=1e-4)
    assert sizes.second_moment_bits2 == pytest.approx((samples**2).mean(), rel=1e-4)
    assert sizes.smallest_bits == low


def test_a_wide_truncation_is_an_exponential() -> None:
    wide = TruncatedExponentialSize(1000.0, 0.0, 1e7)
    exponential = ExponentialSize(1000.0)
    assert wide.mean_bits == pytest.approx(exponential.mean_bits)
    assert wide.second_moment_bits2 == pytest.approx(exponential.second_moment_bits2)


@pytest.mark.parametrize("sizes", [FixedSize(800.0), ExponentialSize(800.0), INTERNET_MIX, EmpiricalSizes((300.0, 1700.0), (0.2, 0.8))])
def test_second_moments_are_at_least_the_squared_means(sizes: PacketSizes) -> None:
    assert sizes.second_moment_bits2 >= sizes.mean_bits**2 * (1 - 1e-12)
    assert sizes.smallest_bits <= sizes.mean_bits


def test_internet_mix() -> None:
    assert INTERNET_MIX.mean_bits / 8 == pytest.approx((7 * 40 + 4 * 576 + 1500) / 12)


@pytest.mark.parametrize(
    "build",
    [
        lambda: FixedSize(0.0),
        lambda: FixedSize(math.inf),
        lambda: ExponentialSize(math.nan),
        lambda: TruncatedExponentialSize(1.0, 5.0, 5.0),
        lambda: TruncatedExponentialSize(1.0, -1.0, 5.0),
        lambda: EmpiricalSizes((), ()),
        lambda: EmpiricalSizes((1.0, 2.0), (1.0,)),
        lambda: EmpiricalSizes((2.0, 1.0), (0.5, 0.5)),
        lambda: EmpiricalSizes((1.0, 2.0), (0.5, 0.6)),
        lambda: EmpiricalSizes((1.0, 2.0), (-0.5, 1.5)),
        lambda: OnOff(0.0, 1.0),
        lambda: CarriedOnOff(1.0, math.inf),
        lambda: AutocorrelatedExponential(1.0),
        lambda: AutocorrelatedExponential(-0.1),
        lambda: ModulatedExponential(1.0, 0.0, 1.0),
        lambda: PacketTrace(np.array([]), np.array([]), 1.0),
        lambda: PacketTrace(np.array([0.5, 0.2]), np.array([1.0, 1.0]), 1.0),
        lambda: PacketTrace(np.array([0.5, 1.0]), np.array([1.0, 1.0]), 1.0),
        lambda: PacketTrace(np.array([0.5]), np.array([0.0]), 1.0),
        lambda: PacketTrace(np.array([0.5]), np.array([1.0, 2.0]), 1.0),
        lambda: Queue(weight=0.0),
        lambda: Queue(weight=math.inf),
        lambda: Queue(buffer_bits=0.0),
        lambda: Queue(buffer_packets=math.nan),
        lambda: Scheduling(queues=()),
        lambda: Scheduling(Discipline.FIFO, (Queue(), Queue())),
        lambda: Scheduling(queue_by_class=(1,)),
        lambda: Scheduling(queue_by_class=(-1,)),
        lambda: Scheduling(quantum_bits=0.0),
    ],
)
def test_impossible_values_are_refused(build: object) -> None:
    with pytest.raises(ScenarioError):
        build()  # type: ignore[operator]


def test_rates_of_bursty_sources_are_consistent() -> None:
    carried = CarriedOnOff(0.2, 0.3)
    assert carried.mean_packet_rate(carried.peak_packet_rate(50.0)) == pytest.approx(50.0)
    high, low = ModulatedExponential(4.0, 1.0, 3.0).state_rates(10.0)
    assert high == pytest.approx(4 * low)
    assert (high * 1.0 + low * 3.0) / 4.0 == pytest.approx(10.0)


def test_traces_have_a_rate_and_compare_by_value() -> None:
    trace = PacketTrace(np.array([0.0, 0.5]), np.array([300.0, 400.0]), 2.0)
    assert trace.rate_bps == 350.0
    assert trace == PacketTrace([0.0, 0.5], [300.0, 400.0], 2.0)  # type: ignore[arg-type]
    assert hash(trace) == hash(PacketTrace([0.0, 0.5], [300.0, 400.0], 2.0))  # type: ignore[arg-type]
    assert trace != PacketTrace(np.array([0.0, 0.5]), np.array([300.0, 401.0]), 2.0)


def test_classes_beyond_the_map_use_its_last_queue() -> None:
    three = (Queue(), Queue(), Queue())
    assert [Scheduling(Discipline.DRR, three).queue_of_class(c) for c in range(5)] == [0, 1, 2, 2, 2]
    assert [Scheduling(Discipline.DRR, three, (2, 0)).queue_of_class(c) for c in range(4)] == [2, 0, 0, 0]
    assert Scheduling("wfq", three).discipline is Discipline.WFQ  # type: ignore[arg-type]
