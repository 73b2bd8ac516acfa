"""Which of all knobs and moves are worth trying for one demand: those at its queues, and the demands that load them."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from nettwin.apps.explain.knobs import Buffer, Capacity, ClassTraffic, DemandTraffic, Knob, Move, Weight, smaller_buffer
from nettwin.apps.explain.moves import class_moves, metric_move, removal
from nettwin.apps.explain.parts import Cause, Hop, QueueLoad
from nettwin.scenario import Discipline, Scenario

Item = TypeVar("Item")

_MOST_LINKS, _MOST_DEMANDS, _MOST_CLASSES, _MOST_QUEUES, _MOST_REMOVED = 8, 6, 3, 2, 3
_NEGLIGIBLE = 0.01  # share of the delay from which a port's capacity may matter
_UNWEIGHTED = (Discipline.FIFO.value, Discipline.STRICT_PRIORITY.value)


@dataclass(frozen=True, slots=True)
class Levers:
    """What can be turned, where the demand can be moved, and which other demands could be gone."""

    knobs: tuple[Knob, ...] = ()
    moves: tuple[Move, ...] = ()
    removals: tuple[Move, ...] = ()


def levers_for(scenario: Scenario, demand: int, hops: Sequence[Hop], queues: Sequence[QueueLoad], causes: Sequence[Cause]) -> Levers:
    """``queues`` are the ones that matter, the worst first; ``causes`` the demands that load them, the strongest first."""
    worst = queues[:_MOST_QUEUES]
    knobs: list[Knob] = [Capacity(link) for link in _links(hops)]
    knobs += [DemandTraffic(name) for name in _first(_strongest(causes), _MOST_DEMANDS)]
    knobs += [ClassTraffic(number) for number in _first((cause.traffic_class for cause in causes), _MOST_CLASSES)]
    knobs += [Buffer(load.link, load.position) for load in worst if _is_finite(load)]
    knobs += [smaller_buffer(load.link, load.position) for load in worst[:1] if _is_finite(load)]
    knobs += [Weight(load.link, load.position) for load in worst if load.n_queues > 1 and load.discipline not in _UNWEIGHTED]
    others = [name for name in _strongest(causes) if name != scenario.demand_ids[demand]]
    moves = class_moves(scenario, demand, worst[0]) if worst else []
    moves += filter(None, (metric_move(scenario, demand, load.link) for load in worst))
    return Levers(tuple(knobs), tuple(moves), tuple(map(removal, others[:_MOST_REMOVED])))


def _links(hops: Sequence[Hop]) -> list[str]:
    """Links whose ports take a share of the time or of the packets, those that take most first."""
    taken: dict[str, float] = {}
    for hop in hops:
        taken[hop.link] = taken.get(hop.link, 0.0) + hop.path_share * (hop.wait_s + hop.transmission_s)
    lossy = {hop.link for hop in hops if hop.dropped_ratio > 0}
    delay = math.fsum(hop.path_share * (hop.wait_s + hop.transmission_s + hop.propagation_s) for hop in hops)
    ranked = sorted(taken, key=lambda link: -taken[link])
    return [link for link in ranked if taken[link] >= _NEGLIGIBLE * delay or link in lossy][:_MOST_LINKS]


def _strongest(causes: Sequence[Cause]) -> list[str]:
    waits: dict[str, float] = {}
    for cause in causes:
        waits[cause.demand] = waits.get(cause.demand, 0.0) + cause.wait_s
    return sorted(waits, key=lambda name: -waits[name])


def _first(items: Iterable[Item], n: int) -> list[Item]:
    return list(dict.fromkeys(items))[:n]


def _is_finite(load: QueueLoad) -> bool:
    return math.isfinite(load.buffer_bits) or math.isfinite(load.buffer_packets)
