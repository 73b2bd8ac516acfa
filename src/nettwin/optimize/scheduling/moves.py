"""Candidate edits of ports and metrics, for all ports at once and for the ports that hurt most."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import isfinite

from nettwin.changes.change import Change
from nettwin.changes.plan import Plan
from nettwin.changes.routing import SetMetric
from nettwin.changes.scheduling import SetBuffer, SetClassMap, SetDiscipline, SetQueueWeights, SetScheduling
from nettwin.intents.limits import Knob
from nettwin.scenario import Discipline, Link, Queue, Scenario, Scheduling

WEIGHT_FACTORS = (2.0, 0.5, 8.0)
BUFFER_FACTORS = (2.0, 0.5, 0.25)
METRIC_FACTORS = (2.0, 1.5, 0.5)
LEAST_SHARE = 0.01
"""Of the weights of a port: real ports starve nobody."""
LEAST_BUFFER_PACKETS = 4.0
OFFERED = (Discipline.STRICT_PRIORITY, Discipline.WFQ, Discipline.DRR)
_WEIGHTED = frozenset(Discipline) - {Discipline.FIFO, Discipline.STRICT_PRIORITY}


@dataclass(frozen=True, slots=True)
class Move:
    """Changes that belong together, and what they touch: two moves that touch different things can be made together."""

    changes: tuple[Change, ...]
    touched: frozenset[tuple[str, str]]
    words: str

    def apply(self, scenario: Scenario) -> Scenario:
        return Plan(self.changes).apply(scenario)


def knob_moves(
    scenario: Scenario, knobs: Sequence[Knob], classes: Sequence[int], hot_links: Sequence[int] = (), *, has_all_ports: bool = False
) -> list[Move]:
    """Moves by the knobs that may be turned: those of all ports at once, if wanted, then of each hot link, the hottest first.

    ``classes`` are those of the traffic that is to be served better, the most important first.
    """
    links = scenario.topology.links
    n_classes = scenario.traffic.n_classes
    scopes: list[tuple[str, list[Link]]] = [("all ports", [link for link in links if link.is_up])] if has_all_ports else []
    scopes += [(f"port {links[index].id}", [links[index]]) for index in hot_links]
    found = [
        move for where, chosen in scopes for knob in knobs if knob in _MAKERS for move in _MAKERS[knob](where, chosen, classes, n_classes)
    ]
    return [*found, *(_metric_moves([links[index] for index in hot_links]) if Knob.IGP_METRIC in knobs else ())]


def _gathered(where: str, links: Sequence[Link], kind: str, what: str, edit: Callable[[Link], Change | None]) -> Iterator[Move]:
    changes = [(link.id, change) for link in links if (change := edit(link)) is not None]
    if changes:
        yield Move(tuple(change for _, change in changes), frozenset((kind, link) for link, _ in changes), f"{what}, {where}")


def _weight_moves(where: str, links: Sequence[Link], classes: Sequence[int], _n_classes: int) -> Iterator[Move]:
    for traffic_class in classes:
        for factor in WEIGHT_FACTORS:
            what = f"weight of class {traffic_class} times {factor:g}"
            yield from _gathered(where, links, "weights", what, partial(_reweighted, traffic_class=traffic_class, factor=factor))


def _reweighted(link: Link, traffic_class: int, factor: float) -> Change | None:
    queues = link.scheduling.queues
    if link.scheduling.discipline not in _WEIGHTED or len(queues) < 2:
        return None
    chosen = link.scheduling.queue_of_class(traffic_class)
    weights = [queue.weight * (factor if index == chosen else 1.0) for index, queue in enumerate(queues)]
    return SetQueueWeights(link.id, normalized(weights, sum(queue.weight for queue in queues)))


def normalized(weights: Sequence[float], total: float) -> tuple[float, ...]:
    """Weights with the sum that they had, none below a hundredth of it, in three digits: people read them."""
    shares = [max(weight / sum(weights), LEAST_SHARE) for weight in weights]
    return tuple(float(f"{total * share / sum(shares):.3g}") for share in shares)


def _map_moves(where: str, links: Sequence[Link], classes: Sequence[int], n_classes: int) -> Iterator[Move]:
    most = max((len(link.scheduling.queues) for link in links), default=1)
    for traffic_class in range(n_classes):
        for queue in range(most):
            what = f"class {traffic_class} to queue {queue}"
            yield from _gathered(
                where, links, "class-map", what, partial(_remapped, traffic_class=traffic_class, queue=queue, n_classes=n_classes)
            )


def _remapped(link: Link, traffic_class: int, queue: int, n_classes: int) -> Change | None:
    scheduling = link.scheduling
    if queue >= len(scheduling.queues) or scheduling.queue_of_class(traffic_class) == queue:
        return None
    mapping = [scheduling.queue_of_class(each) for each in range(max(n_classes, traffic_class + 1))]
    mapping[traffic_class] = queue
    return SetClassMap(link.id, tuple(mapping))


def _buffer_moves(where: str, links: Sequence[Link], _classes: Sequence[int], n_classes: int) -> Iterator[Move]:
    for traffic_class in range(n_classes):
        for factor in BUFFER_FACTORS:
            what = f"buffer of class {traffic_class} times {factor:g}"
            yield from _gathered(where, links, "buffer", what, partial(_resized, traffic_class=traffic_class, factor=factor))


def _resized(link: Link, traffic_class: int, factor: float) -> Change | None:
    index = link.scheduling.queue_of_class(traffic_class)
    queue = link.scheduling.queues[index]
    packets = round(queue.buffer_packets * factor) if isfinite(queue.buffer_packets) else None
    bits = float(f"{queue.buffer_bits * factor:.3g}") if isfinite(queue.buffer_bits) else None
    if (packets is None and bits is None) or (packets is not None and packets < LEAST_BUFFER_PACKETS):
        return None
    return SetBuffer(link.id, bits, packets, index)


def _discipline_moves(where: str, links: Sequence[Link], _classes: Sequence[int], n_classes: int) -> Iterator[Move]:
    for discipline in OFFERED:
        yield from _gathered(
            where, links, "discipline", f"{discipline.value}", partial(_served, discipline=discipline, n_classes=n_classes)
        )


def _served(link: Link, discipline: Discipline, n_classes: int) -> Change | None:
    scheduling = link.scheduling
    if scheduling.discipline is discipline or n_classes < 2:
        return None
    if len(scheduling.queues) > 1:
        return SetDiscipline(link.id, discipline)
    return SetScheduling(link.id, Scheduling(discipline, _split(scheduling.queues[0], n_classes), quantum_bits=scheduling.quantum_bits))


def _split(queue: Queue, n_classes: int) -> tuple[Queue, ...]:
    """A queue per class of the same size each: what vendors do when a port leaves FIFO."""
    return tuple(replace(queue, weight=1.0) for _ in range(n_classes))


def _metric_moves(links: Sequence[Link]) -> Iterator[Move]:
    for link in links:
        for factor in METRIC_FACTORS:
            metric = max(round(link.metric * factor), 1) if link.metric >= 2 else float(f"{link.metric * factor:.3g}")
            if metric != link.metric:
                yield Move((SetMetric(link.id, metric),), frozenset({("metric", link.id)}), f"metric of {link.id} to {metric:g}")


_MAKERS: dict[Knob, Callable[[str, Sequence[Link], Sequence[int], int], Iterator[Move]]] = {
    Knob.QUEUE_WEIGHT: _weight_moves,
    Knob.CLASS_MAP: _map_moves,
    Knob.BUFFER: _buffer_moves,
    Knob.DISCIPLINE: _discipline_moves,
}
