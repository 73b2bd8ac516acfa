"""From counts to the figures of a Performance."""

from dataclasses import dataclass

import numpy as np

from nettwin.performance import QUANTILE_LEVELS, DemandPerformance, LinkPerformance, Performance, QueuePerformance
from nettwin.scenario.arrays import FloatArray, IntArray
from nettwin.simulation.layout import Stage
from nettwin.simulation.records import Records
from nettwin.simulation.sketch import Sketch, SketchShape
from nettwin.simulation.state import Program
from nettwin.simulation.totals import Totals


@dataclass(frozen=True, eq=False, kw_only=True)
class SimulationResult:
    """A performance, and what only a simulation can tell."""

    performance: Performance
    served_size_bits: FloatArray  # [queue] mean size of the packets that were served
    offered_packets: FloatArray  # [queue] packets that arrived, dropped ones included
    delivered_packets: FloatArray  # [demand]
    lost_packets: FloatArray  # [demand]
    measured_s: float  # over all replications
    n_replications: int
    n_packets: int  # warm-up included, like the hops
    n_hops: int
    engine: str
    relative_half_width: float  # of the confidence interval of the network-wide mean delay
    has_converged: bool  # whether the wanted precision was reached; True if none was wanted


def ratio(numerator: FloatArray, denominator: FloatArray, otherwise: float = np.nan) -> FloatArray:
    """Quotient, or a constant where the denominator is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(denominator > 0, numerator / denominator, otherwise))


def performance_of(totals: Totals, program: Program, stage: Stage) -> Performance:
    """The performance of a stage from what was counted in it."""
    return Performance(
        demands=_demand_performance(totals, program.empty_tallies),
        queues=_queue_performance(totals, program, stage),
        links=_link_performance(totals, program, stage),
        engine="simulator",
    )


def _demand_performance(totals: Totals, tallies: Records) -> DemandPerformance:
    counts = totals.demands
    delivered = counts["delivered"]
    excess = ratio(counts["delay_sum"], delivered)
    variance = ratio(counts["delay_square_sum"], delivered) - excess**2
    shape = SketchShape.for_demands(len(delivered))
    sketch = Sketch(shape, totals.sketch, tallies["sketch_offset"], tallies["sketch_scale"], totals.delay_max_s)
    return DemandPerformance(
        delay_s=excess + tallies["sketch_offset"],
        delay_variation_s=np.where(delivered > 1, np.sqrt(np.maximum(variance, 0.0)), np.nan),
        ipdv_s=ratio(counts["ipdv_sum"], counts["ipdv_pairs"]),
        delay_quantiles_s=sketch.quantiles(QUANTILE_LEVELS),
        loss_ratio=ratio(counts["lost"], counts["lost"] + delivered, 0.0),
        offered_bps=counts["sent_bits"] / totals.measured_s,
        throughput_bps=counts["delivered_bits"] / totals.measured_s,
    )


def _queue_performance(totals: Totals, program: Program, stage: Stage) -> QueuePerformance:
    rows = program.layout.rows_of_queues(stage.scenario)
    counts = {name: values[rows] for name, values in totals.queues.items()}
    return QueuePerformance(
        utilization=counts["busy_s"] / totals.measured_s,
        occupancy_packets=counts["packet_seconds"] / totals.measured_s,
        occupancy_bits=counts["bit_seconds"] / totals.measured_s,
        loss_ratio=_loss(counts["dropped"], counts["arrived"]),
        delay_s=ratio(counts["sojourn_s"], counts["served"]),
    )


def _link_performance(totals: Totals, program: Program, stage: Stage) -> LinkPerformance:
    topology = stage.scenario.topology
    link = np.repeat(np.arange(topology.n_links), program.layout.n_queues)
    names = ("busy_s", "served_bits", "arrived", "dropped")
    busy, served, arrived, dropped = (_sums(link, totals.queues[name], topology.n_links) for name in names)
    return LinkPerformance(
        utilization=busy / totals.measured_s, loss_ratio=_loss(dropped, arrived), throughput_bps=served / totals.measured_s
    )


def _sums(group: IntArray, values: FloatArray, n_groups: int) -> FloatArray:
    return np.bincount(group, values, n_groups).astype(np.float64)


def _loss(dropped: FloatArray, arrived: FloatArray) -> FloatArray:
    """Of those that arrived in the window; a link that fails also drops what arrived before."""
    return ratio(dropped, np.maximum(arrived, dropped), 0.0)
