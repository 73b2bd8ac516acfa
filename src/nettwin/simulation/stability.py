"""Queues without a steady state: whatever is measured there depends on how long one looks."""

import numpy as np

from nettwin.scenario.arrays import BoolArray
from nettwin.simulation.layout import Stage
from nettwin.simulation.state import Program
from nettwin.simulation.totals import Totals

_GROWTH = 1e-3
"""Share of the arrived bits that is still waiting at the end of a run in a queue that grows without bound."""
_SHOWN = 5


def trusted_demands(unstable: BoolArray, program: Program, stage: Stage) -> BoolArray:  # [demand]
    """False for the demands that cross an unstable queue."""
    routing = stage.routing
    crosses = np.bincount(routing.hop_demand, unstable[program.tables[0].hops["queue"]], routing.n_demands) > 0
    return np.asarray(~crosses)


def doubts_about_growth(unstable: BoolArray, program: Program, stage: Stage) -> list[str]:
    """A sentence that names the links with unstable queues, if there are any."""
    crossed = stage.routing.hop_link[unstable[program.tables[0].hops["queue"]]]
    links = sorted({stage.scenario.topology.links[link].id for link in crossed})
    shown = ", ".join(links[:_SHOWN]) + (", ..." if len(links) > _SHOWN else "")
    return [f"there is no steady state: {len(links)} overloaded links with infinite buffers ({shown})"] if links else []


def unstable_queues(totals: Totals, program: Program, stage: Stage) -> BoolArray:  # [queue of the layout]
    """Infinite queues that get more than their port can send."""
    layout, queues = program.layout, totals.queues
    link = np.repeat(np.arange(stage.scenario.topology.n_links), layout.n_queues)
    waiting = queues["arrived_bits"] - queues["served_bits"]
    load = np.bincount(link, queues["arrived_bits"], stage.scenario.topology.n_links) / totals.measured_s
    is_overloaded = load > stage.scenario.topology.capacity_bps
    is_infinite = program.tables[0].queues["is_finite"] == 0
    return np.asarray(is_overloaded[link] & is_infinite & (waiting > _GROWTH * queues["arrived_bits"]))
