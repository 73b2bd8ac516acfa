"""Demands too thin to have sent a fair number of packets: their means are put together from the queues that they cross.

Real traffic matrices span five orders of magnitude; while the large demands send millions of packets the smallest sends one. What it
would meet in the queues is known well all the same, from the packets of the others (exact where arrivals see time averages).
"""

from dataclasses import replace

import numpy as np

from nettwin.performance import Performance
from nettwin.scenario.arrays import BoolArray, FloatArray
from nettwin.simulation.layout import Stage
from nettwin.simulation.result import ratio
from nettwin.simulation.state import Program
from nettwin.simulation.totals import Totals

FEWEST_PACKETS = 30.0


def with_composed_means(performance: Performance, totals: Totals, program: Program) -> Performance:
    """Mean delay and loss of thin demands from their queues; all else stays as it was counted."""
    stage, demands = program.stages[0], performance.demands
    is_thin = _is_thin(totals, stage)
    if not is_thin.any():
        return performance
    delay, loss = _composed(totals, program, stage)
    thin = replace(demands, delay_s=np.where(is_thin, delay, demands.delay_s), loss_ratio=np.where(is_thin, loss, demands.loss_ratio))
    return replace(performance, demands=thin)


def _is_thin(totals: Totals, stage: Stage) -> BoolArray:  # [demand]
    finished = totals.demands["delivered"] + totals.demands["lost"]
    is_wanted = (stage.scenario.traffic.rate_bps > 0) & (stage.routing.routed_share > 0)
    is_up = np.bincount(stage.routing.hop_demand, ~stage.scenario.topology.link_is_up[stage.routing.hop_link], len(finished)) == 0
    return np.asarray((finished < FEWEST_PACKETS) & is_wanted & is_up)


def _composed(totals: Totals, program: Program, stage: Stage) -> tuple[FloatArray, FloatArray]:
    """Mean delay and loss of each demand if every packet met the mean of its queues."""
    routing, traffic, topology = stage.routing, stage.scenario.traffic, stage.scenario.topology
    queue, link = program.tables[0].hops["queue"], routing.hop_link
    counts = totals.queues
    transmission = counts["served_bits"][queue] / topology.capacity_bps[link]
    waiting = ratio(counts["sojourn_s"][queue] - transmission, counts["served"][queue], 0.0)
    own = traffic.mean_size_bits[routing.hop_demand] / topology.capacity_bps[link]
    per_hop = np.maximum(waiting, 0.0) + own + topology.propagation_delay_s[link]
    delay = np.bincount(routing.hop_path, per_hop, routing.n_paths).astype(np.float64)
    if stage.path_shift_s is not None:
        delay = delay + stage.path_shift_s
    passed = 1.0 - ratio(counts["dropped"][queue], counts["arrived"][queue], 0.0)
    survival = np.exp(np.bincount(routing.hop_path, np.log(np.maximum(passed, 1e-300)), routing.n_paths))
    arriving = np.bincount(routing.path_demand, routing.path_share * survival, routing.n_demands)
    weighted = np.bincount(routing.path_demand, routing.path_share * survival * delay, routing.n_demands)
    mean = ratio(weighted.astype(np.float64), arriving.astype(np.float64))
    return mean, np.clip(1.0 - arriving, 0.0, 1.0)
