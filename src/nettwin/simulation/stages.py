"""A running simulation enters its next stage: links fail, capacities, schedulers, rates and paths change."""

import numpy as np

from nettwin.scenario.arrays import BoolArray, IntArray
from nettwin.simulation.event_run import EventRun
from nettwin.simulation.kernels.ledger import clear_port, lose_under_way
from nettwin.simulation.kernels.sources import begin_sources
from nettwin.simulation.records import CONSTANT, DOWN, NONE, POISSON, SILENT, Records, State
from nettwin.simulation.state import Program, queued
from nettwin.simulation.tables import hop_queues

_PORT_COLUMNS = ("kind", "seconds_per_bit", "propagation_s", "holds_service")
_QUEUE_COLUMNS = ("buffer_bits", "buffer_packets", "weight", "quantum_bits", "is_finite")
_SOURCE_COLUMNS = (
    *("gap_s", "on_s", "off_s", "low_gap_s", "size0", "size1", "size2"),
    *("kind", "size_kind", "table", "table_length", "first_path", "end_path"),
)


def enter_stage(run: EventRun, program: Program, number: int, time: float) -> None:
    """Go on with the tables of another stage. Packets keep the path that they were sent on, queues keep what they hold."""
    state, tables = run.state, program.tables[number]
    events = run.pending()
    has_failed = (state.ports["kind"] != DOWN) & (tables.ports["kind"] == DOWN)
    events = _without_lost(state, events, has_failed, time)
    _change_ports(state, queued(tables.ports))
    for column in _QUEUE_COLUMNS:
        state.queues[column] = tables.queues[column]
    state.hops["queue"] = _queues_of_all_hops(program, number)
    _change_sources(state, tables.sources, time)
    run.file(events)


def _without_lost(state: State, events: IntArray, has_failed: BoolArray, time: float) -> IntArray:
    """Events but those of packets on failed links, which are lost, and of their ports."""
    for link in np.flatnonzero(has_failed):
        clear_port(state, link, time)
    is_packet = events >= 0
    hop = state.packets["hop"][np.where(is_packet, events, 0)]
    behind = np.where(hop >= 0, hop - 1, NONE - hop)  # every packet under way has at least one hop behind it
    is_lost = is_packet & has_failed[state.hops["link"][behind]] if len(state.hops) else np.zeros(len(events), dtype=np.bool_)
    for slot in events[is_lost]:
        lose_under_way(state, slot, time)
    port = np.where(is_packet, 0, -2 - events)
    is_port = ~is_packet & (port < len(state.ports))
    is_cleared = is_port & has_failed[np.where(is_port, port, 0)] if len(has_failed) else is_lost
    return np.asarray(events[~is_lost & ~is_cleared])


def _change_ports(state: State, ports: Records) -> None:
    has_new_kind = state.ports["kind"] != ports["kind"]
    for column in _PORT_COLUMNS:
        state.ports[column] = ports[column]
    state.ports["virtual_time"][has_new_kind] = 0.0
    state.ports["is_granted"][has_new_kind] = 0
    state.queues["account"][np.repeat(has_new_kind, ports["n_queues"])] = 0.0


def _queues_of_all_hops(program: Program, number: int) -> IntArray:
    """Packets sent in earlier stages travel on, so the hops of all stages need the queues of this one."""
    link = np.concatenate([stage.routing.hop_link for stage in program.stages])
    demand = np.concatenate([stage.routing.hop_demand for stage in program.stages])
    return hop_queues(program.stages[number].scenario, program.layout, link, demand) if len(link) else link


def _change_sources(state: State, sources: Records, time: float) -> None:
    """A waiting packet comes sooner at a higher rate: what is left of its gap is scaled (exact for Poisson sources)."""
    old_gap, old_kind = state.sources["gap_s"].copy(), state.sources["kind"].copy()
    for column in _SOURCE_COLUMNS:
        state.sources[column] = sources[column]
    kind = sources["kind"]
    is_scaled = (kind == old_kind) & np.isin(kind, (POISSON, CONSTANT)) & (old_gap != sources["gap_s"])
    left = state.sources["time"][is_scaled] - time
    state.sources["time"][is_scaled] = time + left * sources["gap_s"][is_scaled] / old_gap[is_scaled]
    state.sources["time"][kind == SILENT] = np.inf
    begin_sources(state, np.flatnonzero((kind != old_kind) & (kind != SILENT)), time)
