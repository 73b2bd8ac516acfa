"""The fewest edits of ports and metrics that lead from one scenario to another with the same links."""

from collections.abc import Iterator, Sequence

from nettwin.changes.change import Change
from nettwin.changes.routing import SetMetric
from nettwin.changes.scheduling import SetBuffer, SetClassMap, SetDiscipline, SetQueueWeights, SetScheduling
from nettwin.scenario import Link, Queue, Scenario


def port_changes(before: Scenario, after: Scenario) -> tuple[Change, ...]:
    """One change for each property of each link that differs, link by link.

    A port whose number of queues or quantum differs gets its scheduling anew; else its discipline, class map, weights and buffers are
    set one by one, as an engineer would.
    """
    pairs = zip(before.topology.links, after.topology.links, strict=True)
    return tuple(change for old, new in pairs if old is not new for change in _edits(old, new))


def _edits(old: Link, new: Link) -> Iterator[Change]:
    if old.metric != new.metric:
        yield SetMetric(old.id, new.metric)
    if old.scheduling == new.scheduling:
        return
    if not _is_alike(old, new):
        yield SetScheduling(old.id, new.scheduling)
        return
    if old.scheduling.discipline != new.scheduling.discipline:
        yield SetDiscipline(old.id, new.scheduling.discipline)
    if old.scheduling.queue_by_class != new.scheduling.queue_by_class:
        yield SetClassMap(old.id, new.scheduling.queue_by_class)
    yield from _queue_edits(old.id, old.scheduling.queues, new.scheduling.queues)


def _is_alike(old: Link, new: Link) -> bool:
    a, b = old.scheduling, new.scheduling
    fixed = (len(a.queues), a.quantum_bits, a.buffer_holds_packet_in_service)
    return fixed == (len(b.queues), b.quantum_bits, b.buffer_holds_packet_in_service)


def _queue_edits(link: str, old: Sequence[Queue], new: Sequence[Queue]) -> Iterator[Change]:
    weights = tuple(queue.weight for queue in new)
    if tuple(queue.weight for queue in old) != weights:
        yield SetQueueWeights(link, weights)
    for index, (a, b) in enumerate(zip(old, new, strict=True)):
        bits = None if a.buffer_bits == b.buffer_bits else b.buffer_bits
        packets = None if a.buffer_packets == b.buffer_packets else b.buffer_packets
        if bits is not None or packets is not None:
            yield SetBuffer(link, bits, packets, index)
