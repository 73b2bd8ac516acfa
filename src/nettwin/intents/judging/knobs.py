"""Which kinds of configuration a change touches."""

from nettwin.changes import (
    AddLink,
    ClearPath,
    SegmentPolicy,
    SetBuffer,
    SetCapacity,
    SetClassMap,
    SetDiscipline,
    SetMetric,
    SetPath,
    SetPaths,
    SetQueueWeights,
    SetScheduling,
)
from nettwin.changes.change import Change
from nettwin.intents.limits import Knob
from nettwin.scenario import Scenario, Scheduling

_KNOB_OF: dict[type[Change], Knob] = {
    SegmentPolicy: Knob.SEGMENT_POLICY,
    ClearPath: Knob.SEGMENT_POLICY,
    SetPath: Knob.SEGMENT_POLICY,  # an explicit path is a segment list that names every link
    SetPaths: Knob.SEGMENT_POLICY,
    SetMetric: Knob.IGP_METRIC,
    SetQueueWeights: Knob.QUEUE_WEIGHT,
    SetClassMap: Knob.CLASS_MAP,
    SetBuffer: Knob.BUFFER,
    SetDiscipline: Knob.DISCIPLINE,
    SetCapacity: Knob.CAPACITY,
    AddLink: Knob.CAPACITY,
}


def knobs_of(change: Change, before: Scenario) -> frozenset[Knob] | None:
    """The knobs that one change of a difference turns; None: something that is no knob, as traffic or failures."""
    if isinstance(change, SetScheduling) and change.link in before.topology.link_index:
        return _of_scheduling(before.topology.link(change.link).scheduling, change.scheduling)
    knob = _KNOB_OF.get(type(change))
    return None if knob is None else frozenset({knob})


def _of_scheduling(old: Scheduling, new: Scheduling) -> frozenset[Knob] | None:
    if len(old.queues) != len(new.queues):
        return None
    pairs = list(zip(old.queues, new.queues, strict=True))
    turned = {
        Knob.DISCIPLINE: old.discipline != new.discipline or old.quantum_bits != new.quantum_bits,
        Knob.CLASS_MAP: old.queue_by_class != new.queue_by_class,
        Knob.QUEUE_WEIGHT: any(a.weight != b.weight for a, b in pairs),
        Knob.BUFFER: any((a.buffer_bits, a.buffer_packets) != (b.buffer_bits, b.buffer_packets) for a, b in pairs),
    }
    return frozenset(knob for knob, is_turned in turned.items() if is_turned)
