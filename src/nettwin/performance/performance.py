"""A performance: the answer. Columns per demand, queue and link; NaN where a predictor makes no claim."""

from dataclasses import dataclass, fields

import numpy as np

from nettwin.errors import ScenarioError
from nettwin.scenario.arrays import BoolArray, FloatArray, frozen

QUANTILE_LEVELS = (0.1, 0.2, 0.5, 0.8, 0.9, 0.95, 0.99, 0.999)


@dataclass(frozen=True, eq=False, kw_only=True)
class DemandPerformance:
    """What the packets of each demand experience, over delivered packets (RFC 7679, RFC 7680)."""

    delay_s: FloatArray  # [demand] mean, first bit sent to last bit received
    delay_variation_s: FloatArray  # [demand] standard deviation of the delay
    ipdv_s: FloatArray  # [demand] mean absolute difference of consecutive packets on one path (RFC 3393)
    delay_quantiles_s: FloatArray  # [demand, quantile]
    loss_ratio: FloatArray  # [demand] packets lost / packets sent
    offered_bps: FloatArray  # [demand] sent by the source
    throughput_bps: FloatArray  # [demand] received at the target

    def __post_init__(self) -> None:
        _freeze(self)

    @classmethod
    def unknown(cls, n_demands: int, n_quantiles: int = len(QUANTILE_LEVELS)) -> "DemandPerformance":
        """NaN everywhere: fill in with ``dataclasses.replace`` what is claimed."""
        columns = {f.name: np.full(n_demands, np.nan) for f in fields(cls) if f.name != "delay_quantiles_s"}
        return cls(**columns, delay_quantiles_s=np.full((n_demands, n_quantiles), np.nan))


@dataclass(frozen=True, eq=False, kw_only=True)
class QueuePerformance:
    """What happens in each queue, numbered as in ``Topology.queues``."""

    utilization: FloatArray  # [queue] share of time that the port sends this queue's packets
    occupancy_packets: FloatArray  # [queue] time mean, packet in service included
    occupancy_bits: FloatArray  # [queue] likewise
    loss_ratio: FloatArray  # [queue] packets dropped / packets arrived
    delay_s: FloatArray  # [queue] mean time from arrival to last bit sent, over served packets

    def __post_init__(self) -> None:
        _freeze(self)

    @classmethod
    def unknown(cls, n_queues: int) -> "QueuePerformance":
        return cls(**{f.name: np.full(n_queues, np.nan) for f in fields(cls)})


@dataclass(frozen=True, eq=False, kw_only=True)
class LinkPerformance:
    """What each link carries."""

    utilization: FloatArray  # [link] sent bits / capacity
    loss_ratio: FloatArray  # [link] packets dropped / packets arrived at its port
    throughput_bps: FloatArray  # [link]

    def __post_init__(self) -> None:
        _freeze(self)

    @classmethod
    def unknown(cls, n_links: int) -> "LinkPerformance":
        return cls(**{f.name: np.full(n_links, np.nan) for f in fields(cls)})


@dataclass(frozen=True, eq=False, kw_only=True)
class Interval:
    """Lower and upper bounds of the per-demand figures that hold with probability ``coverage``; of queues and links where known."""

    coverage: float
    lower: DemandPerformance
    upper: DemandPerformance
    lower_queues: QueuePerformance | None = None
    upper_queues: QueuePerformance | None = None
    lower_links: LinkPerformance | None = None
    upper_links: LinkPerformance | None = None

    def __post_init__(self) -> None:
        if not 0 < self.coverage < 1:
            raise ScenarioError(f"coverage is {self.coverage}", where="interval", hint="a probability, as 0.9")


@dataclass(frozen=True, eq=False, kw_only=True)
class Performance:
    """The answer to one scenario."""

    demands: DemandPerformance
    queues: QueuePerformance
    links: LinkPerformance
    quantile_levels: tuple[float, ...] = QUANTILE_LEVELS
    interval: Interval | None = None
    is_trusted: BoolArray | None = None  # [demand] inside what the predictor knows; None: no claim
    doubts: tuple[str, ...] = ()
    """Why the answer as a whole should be taken with care, a sentence each."""
    engine: str = ""

    def __post_init__(self) -> None:
        n_levels = self.demands.delay_quantiles_s.shape[1]
        if n_levels != len(self.quantile_levels):
            raise ScenarioError(f"{n_levels} quantile columns for {len(self.quantile_levels)} levels", where="performance")

    def delay_quantile_s(self, level: float) -> FloatArray:  # [demand]
        """One column of the delay quantiles; NaN where the level was not predicted."""
        if level not in self.quantile_levels:
            return np.full(len(self.demands.delay_s), np.nan)
        return self.demands.delay_quantiles_s[:, self.quantile_levels.index(level)]


@dataclass(frozen=True, eq=False, kw_only=True)
class PerformanceSeries:
    """A performance per window of time: the answer to a timeline."""

    window_edges_s: FloatArray  # [window + 1]
    windows: tuple[Performance, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "window_edges_s", frozen(np.array(self.window_edges_s, dtype=np.float64)))
        if len(self.window_edges_s) != len(self.windows) + 1:
            raise ScenarioError(f"{len(self.windows)} windows with {len(self.window_edges_s)} edges", where="performance series")


def _freeze(columns: DemandPerformance | QueuePerformance | LinkPerformance) -> None:
    for f in fields(columns):
        value = np.asarray(getattr(columns, f.name), dtype=np.float64).view()
        object.__setattr__(columns, f.name, frozen(value))
