"""Random traffic, in two styles (see ``scenarios.py``): matrices, classes, arrival processes, packet sizes."""

from dataclasses import dataclass, replace

import numpy as np

from nettwin.generate.gravity import gravity_matrix
from nettwin.generate.traffic import (
    bimodal_demands,
    hot_spot_demands,
    uniform_demands,
    with_arrival_mix,
    with_class_mix,
    with_size_mix,
)
from nettwin.scenario import (
    INTERNET_MIX,
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
    Poisson,
    Topology,
    Traffic,
    TruncatedExponentialSize,
)

RECORDED_SIZES_BITS = (500.0, 750.0, 1000.0, 1250.0, 1500.0)
TWO_SIZES = EmpiricalSizes((300.0, 1700.0), (0.5, 0.5))
CLASS_SHARES = (0.1, 0.3, 0.6)
_FEWEST_PER_CYCLE = 1.5  # packets
_MEAN_RATE_BPS = 1000.0  # of a demand: about one packet of the recorded sizes per second


@dataclass(frozen=True, slots=True)
class Thinness:
    """How often a pair of nodes has several demands instead of one, and how many."""

    share: float = 0.3
    times: tuple[int, int] = (2, 8)


def recorded_traffic(topology: Topology, rng: np.random.Generator, thinness: Thinness = Thinness()) -> Traffic:
    """All pairs at rates within a factor of ten, about a packet per second each, on-off sources with 5 s of each."""
    n_pairs = topology.n_nodes * (topology.n_nodes - 1)
    rate = _MEAN_RATE_BPS * float(np.exp(rng.uniform(np.log(0.3), np.log(2.0))))
    traffic = uniform_demands(topology, rate * n_pairs, rng, spread=0.82)
    on_s = 5.0 if rng.random() < 0.7 else float(np.exp(rng.uniform(np.log(0.5), np.log(20.0))))
    mixes: tuple[tuple[ArrivalProcess, ...], ...] = (
        (Poisson(),),
        (Poisson(), ConstantBitRate(), CarriedOnOff(on_s, on_s)),
        (Poisson(), CarriedOnOff(on_s, on_s)),
        (CarriedOnOff(on_s, on_s),),
    )
    traffic = with_arrival_mix(traffic, mixes[int(rng.choice(4, p=(0.3, 0.5, 0.12, 0.08)))], rng)
    sizes = [TWO_SIZES] if rng.random() < 0.3 else [_five_sizes(rng) for _ in range(5)]
    traffic = with_size_mix(traffic, sizes, rng)
    traffic = _several(traffic, rng, thinness)
    return with_class_mix(traffic, CLASS_SHARES if rng.random() < 0.7 else rng.dirichlet(np.ones(3)).tolist(), rng)


def chosen_rows(traffic: Traffic, rows: np.ndarray) -> Traffic:
    """Some of the demands, or some of them several times; they lose their ids."""
    names = ("source", "target", "rate_bps", "traffic_class", "arrival_index", "packet_size_index")
    return replace(traffic, ids=(), **{name: getattr(traffic, name)[rows] for name in names})


def sendable(traffic: Traffic) -> Traffic:
    """On-off demands too thin for their cycle become Poisson: a cycle of ``CarriedOnOff`` sends one packet at least."""
    packets = np.zeros(traffic.n_demands)
    for row, process in enumerate(traffic.arrivals):
        if isinstance(process, CarriedOnOff):
            here = traffic.arrival_index == row
            packets[here] = np.maximum(_FEWEST_PER_CYCLE - traffic.packet_rate[here] * (process.on_s + process.off_s), 0.0)
    if not packets.any():
        return traffic
    arrivals = (*traffic.arrivals, Poisson())
    return replace(traffic, arrivals=arrivals, arrival_index=np.where(packets > 0, len(arrivals) - 1, traffic.arrival_index))


def _five_sizes(rng: np.random.Generator) -> EmpiricalSizes:
    return EmpiricalSizes(RECORDED_SIZES_BITS, tuple(rng.dirichlet(np.ones(5)).tolist()))


def wide_traffic(topology: Topology, rng: np.random.Generator, thinness: Thinness = Thinness()) -> Traffic:
    """Any matrix, some of its pairs only, one to three classes, one to four arrival processes and packet-size distributions."""
    total = _MEAN_RATE_BPS * topology.n_nodes**2 * 4
    traffic = _some(_matrix(topology, total, rng), rng)
    sizes = tuple({_sizes(rng): None for _ in range(int(rng.integers(1, 4)))})
    traffic = with_size_mix(_several(traffic, rng, thinness), sizes, rng)
    traffic = with_arrival_mix(traffic, _arrivals(float(np.median(traffic.packet_rate)), rng), rng)
    n_classes = int(rng.integers(1, 4))
    return with_class_mix(traffic, (0.1 + rng.dirichlet(np.ones(n_classes))).tolist(), rng)


def _matrix(topology: Topology, total_bps: float, rng: np.random.Generator) -> Traffic:
    kind = int(rng.integers(4))
    if kind == 0:
        return uniform_demands(topology, total_bps, rng)
    if kind == 1:
        return hot_spot_demands(topology, total_bps, rng, factor=float(rng.uniform(2, 10)))
    if kind == 2:
        return bimodal_demands(topology, total_bps, rng)
    return Traffic.from_matrix(gravity_matrix(rng.lognormal(sigma=0.7, size=topology.n_nodes), total_bps))


def _some(traffic: Traffic, rng: np.random.Generator) -> Traffic:
    """All demands, or a random part of them (3 at least)."""
    if rng.random() < 0.5:
        return traffic
    n_demands = traffic.n_demands
    n_kept = max(min(3, n_demands), round(n_demands * rng.uniform(0.2, 1.0)))
    return chosen_rows(traffic, np.sort(rng.choice(n_demands, size=n_kept, replace=False)))


def _several(traffic: Traffic, rng: np.random.Generator, thinness: Thinness) -> Traffic:
    """In some networks several demands per pair: ports with many thin demands, as large networks have."""
    if rng.random() > thinness.share:
        return traffic
    times = int(rng.integers(thinness.times[0], thinness.times[1] + 1))
    several = chosen_rows(traffic, np.repeat(np.arange(traffic.n_demands), times))
    return replace(several, rate_bps=several.rate_bps * rng.uniform(0.3, 1.0, several.n_demands) / times)


def _sizes(rng: np.random.Generator) -> PacketSizes:
    kind = int(rng.choice(6, p=(0.3, 0.15, 0.2, 0.15, 0.1, 0.1)))
    if kind == 0:
        return _five_sizes(rng)
    if kind == 1:
        return TWO_SIZES
    if kind == 2:
        return INTERNET_MIX
    if kind == 3:
        return FixedSize(float(rng.choice((512.0, 1000.0, 4000.0, 12000.0))))
    if kind == 4:
        return ExponentialSize(float(rng.choice((1000.0, 4000.0))))
    return TruncatedExponentialSize(4000.0, 512.0, 12000.0)


def _arrivals(packet_rate: float, rng: np.random.Generator) -> tuple[ArrivalProcess, ...]:
    """One to four processes; the bursts of a demand of ``packet_rate`` hold one to some dozens of its packets."""
    if rng.random() < 0.2:
        return (Poisson(),)
    makers = (_constant, _poisson, _on_off, _carried, _autocorrelated, _modulated)
    chosen = rng.choice(len(makers), size=int(rng.integers(1, 5)), p=(0.15, 0.25, 0.2, 0.2, 0.1, 0.1))
    return tuple(makers[int(maker)](packet_rate, rng) for maker in chosen)


def _poisson(packet_rate: float, rng: np.random.Generator) -> ArrivalProcess:
    return Poisson()


def _constant(packet_rate: float, rng: np.random.Generator) -> ArrivalProcess:
    return ConstantBitRate()


def _cycle(packet_rate: float, rng: np.random.Generator) -> tuple[float, float]:
    packets, share = float(np.exp(rng.uniform(np.log(1.5), np.log(40.0)))), float(rng.uniform(0.2, 0.8))
    return packets / packet_rate * share, packets / packet_rate * (1 - share)


def _on_off(packet_rate: float, rng: np.random.Generator) -> ArrivalProcess:
    return OnOff(*_cycle(packet_rate, rng))


def _carried(packet_rate: float, rng: np.random.Generator) -> ArrivalProcess:
    on_s, off_s = _cycle(packet_rate, rng)
    return CarriedOnOff(on_s, off_s)


def _autocorrelated(packet_rate: float, rng: np.random.Generator) -> ArrivalProcess:
    return AutocorrelatedExponential(float(rng.uniform(0.2, 0.9)))


def _modulated(packet_rate: float, rng: np.random.Generator) -> ArrivalProcess:
    return ModulatedExponential(float(rng.uniform(2.0, 10.0)), *_cycle(packet_rate, rng))
