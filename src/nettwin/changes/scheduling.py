"""Edits of output ports: discipline, buffers, weights, class maps."""

from dataclasses import dataclass, replace

from nettwin.changes.edits import with_links
from nettwin.changes.selection import links_named
from nettwin.errors import ScenarioError
from nettwin.scenario import Discipline, Link, Queue, Scenario, Scheduling


@dataclass(frozen=True, slots=True)
class SetScheduling:
    """Another scheduler, with its queues, for the ports of some links."""

    link: str
    scheduling: Scheduling

    def apply(self, scenario: Scenario) -> Scenario:
        return with_links(scenario, links_named(scenario.topology, self.link), lambda link: replace(link, scheduling=self.scheduling))


@dataclass(frozen=True, slots=True)
class SetDiscipline:
    """The same queues, served in another order. A port with several queues cannot become FIFO."""

    link: str
    discipline: Discipline

    def __post_init__(self) -> None:
        object.__setattr__(self, "discipline", Discipline(self.discipline))

    def apply(self, scenario: Scenario) -> Scenario:
        return _with_scheduling(scenario, self.link, discipline=self.discipline)


@dataclass(frozen=True, slots=True)
class SetBuffer:
    """Other buffer sizes for one queue of some ports, or for all their queues. None leaves a bound as it is."""

    link: str
    buffer_bits: float | None = None
    buffer_packets: float | None = None
    queue: int | None = None

    def apply(self, scenario: Scenario) -> Scenario:
        return with_links(scenario, links_named(scenario.topology, self.link), self._edited)

    def _edited(self, link: Link) -> Link:
        queues = link.scheduling.queues
        if self.queue is not None and not 0 <= self.queue < len(queues):
            raise ScenarioError(f"there is no queue {self.queue}", where=f"link {link.id!r}", hint=f"it has {len(queues)}, counted from 0")
        edited = tuple(self._resized(queue) if self.queue in (None, index) else queue for index, queue in enumerate(queues))
        return replace(link, scheduling=replace(link.scheduling, queues=edited))

    def _resized(self, queue: Queue) -> Queue:
        bits = queue.buffer_bits if self.buffer_bits is None else self.buffer_bits
        packets = queue.buffer_packets if self.buffer_packets is None else self.buffer_packets
        return replace(queue, buffer_bits=bits, buffer_packets=packets)


@dataclass(frozen=True, slots=True)
class SetQueueWeights:
    """Other weights for the queues of some ports, one per queue."""

    link: str
    weights: tuple[float, ...]

    def apply(self, scenario: Scenario) -> Scenario:
        return with_links(scenario, links_named(scenario.topology, self.link), self._edited)

    def _edited(self, link: Link) -> Link:
        queues = link.scheduling.queues
        if len(queues) != len(self.weights):
            raise ScenarioError(
                f"{len(self.weights)} weights for {len(queues)} queues", where=f"link {link.id!r}", hint="give one per queue"
            )
        edited = tuple(replace(queue, weight=weight) for queue, weight in zip(queues, self.weights, strict=True))
        return replace(link, scheduling=replace(link.scheduling, queues=edited))


@dataclass(frozen=True, slots=True)
class SetClassMap:
    """Another map from traffic classes to the queues of some ports. Empty: class c uses queue c."""

    link: str
    queue_by_class: tuple[int, ...] = ()

    def apply(self, scenario: Scenario) -> Scenario:
        return _with_scheduling(scenario, self.link, queue_by_class=self.queue_by_class)


def _with_scheduling(scenario: Scenario, pattern: str, **parts: Discipline | tuple[int, ...]) -> Scenario:
    def edited(link: Link) -> Link:
        try:
            return replace(link, scheduling=replace(link.scheduling, **parts))  # type: ignore[arg-type]
        except ScenarioError as error:
            raise error.at(f"link {link.id!r}") from None

    return with_links(scenario, links_named(scenario.topology, pattern), edited)
