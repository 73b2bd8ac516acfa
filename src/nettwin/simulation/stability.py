"""Queues without a steady state: whatever is measured there depends on how long one looks."""

import logging

import numpy as np

from nettwin.scenario.arrays import BoolArray
from nettwin.simulation.layout import Stage
from nettwin.simulation.state import Program
from nettwin.simulation.totals import Totals

_log = logging.getLogger(__name__)
_GROWTH = 1e-3
"""Share of the arrived bits that is still waiting at the end of a run in a queue that grows without bound."""


def trusted_demands(totals: Totals, program: Program, stage: Stage) -> BoolArray:  # [demand]
    """False for the demands that cross an infinite queue which gets more than its port can send."""
    topology, routing = stage.scenario.topology, stage.routing
    unstable = _unstable_queues(totals, program, stage)
    hop_queue = program.tables[0].hops["queue"]
    crosses = np.bincount(routing.hop_demand, unstable[hop_queue], routing.n_demands) > 0
    if unstable.any():
        links = sorted({topology.links[link].id for link in routing.hop_link[unstable[hop_queue]]})
        shown = ", ".join(links[:5]) + (", ..." if len(links) > 5 else "")
        _log.warning("no steady state: %d overloaded links with infinite buffers (%s)", len(links), shown)
    return np.asarray(~crosses)


def _unstable_queues(totals: Totals, program: Program, stage: Stage) -> BoolArray:  # [queue of the layout]
    layout, queues = program.layout, totals.queues
    link = np.repeat(np.arange(stage.scenario.topology.n_links), layout.n_queues)
    waiting = queues["arrived_bits"] - queues["served_bits"]
    load = np.bincount(link, queues["arrived_bits"], stage.scenario.topology.n_links) / totals.measured_s
    is_overloaded = load > stage.scenario.topology.capacity_bps
    is_infinite = program.tables[0].queues["is_finite"] == 0
    return np.asarray(is_overloaded[link] & is_infinite & (waiting > _GROWTH * queues["arrived_bits"]))
