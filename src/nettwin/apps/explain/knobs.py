"""What an operator can turn, one thing at a time. A factor says how far: 1 leaves it as it is.

``step`` is the factor whose effect is shown; ``ladder_percent`` are factors in percent, ever further from 100, among which the smallest
turn that meets a target is looked for: the last is the limit.
"""

from dataclasses import dataclass
from typing import ClassVar, Protocol

from nettwin.changes import Change, ScaleTraffic, Selection, SetBuffer, SetCapacity, SetQueueWeights
from nettwin.scenario import Queue, Scenario


class Knob(Protocol):
    """Something that can be more or less."""

    @property
    def kind(self) -> str: ...

    @property
    def about(self) -> str:
        """The link, demand or class."""
        ...

    @property
    def step(self) -> float: ...

    @property
    def ladder_percent(self) -> tuple[int, ...]: ...

    def change(self, scenario: Scenario, factor: float) -> Change: ...


@dataclass(frozen=True, slots=True)
class Capacity:
    """The capacity of a link, in one direction."""

    about: str
    kind: ClassVar[str] = "capacity"
    step: ClassVar[float] = 1.1
    ladder_percent: ClassVar[tuple[int, ...]] = (110, 125, 150, 200, 300, 500, 1000)

    def change(self, scenario: Scenario, factor: float) -> Change:
        return SetCapacity(self.about, scenario.topology.link(self.about).capacity_bps * factor)


@dataclass(frozen=True, slots=True)
class DemandTraffic:
    """What one demand sends."""

    about: str
    kind: ClassVar[str] = "traffic"
    step: ClassVar[float] = 0.9
    ladder_percent: ClassVar[tuple[int, ...]] = (90, 70, 40, 0)

    def change(self, scenario: Scenario, factor: float) -> Change:
        return ScaleTraffic(factor, Selection(ids=(self.about,)))


@dataclass(frozen=True, slots=True)
class ClassTraffic:
    """What all demands of a class send."""

    traffic_class: int
    kind: ClassVar[str] = "class traffic"
    step: ClassVar[float] = 0.9
    ladder_percent: ClassVar[tuple[int, ...]] = (90, 70, 40, 0)

    @property
    def about(self) -> str:
        return f"class {self.traffic_class}"

    def change(self, scenario: Scenario, factor: float) -> Change:
        return ScaleTraffic(factor, Selection(traffic_class=self.traffic_class))


@dataclass(frozen=True, slots=True)
class Buffer:
    """The buffer of one queue, where it is finite: more room loses less, and lets packets wait longer."""

    link: str
    position: int
    step: float = 2.0
    ladder_percent: tuple[int, ...] = (150, 200, 400, 800, 1600)
    kind: ClassVar[str] = "buffer"

    @property
    def about(self) -> str:
        return f"{self.link}[{self.position}]"

    def change(self, scenario: Scenario, factor: float) -> Change:
        queue = _queue(scenario, self.link, self.position)
        packets = queue.buffer_packets
        whole = max(round(packets * factor), 1) if packets < float("inf") else None
        bits = queue.buffer_bits * factor if queue.buffer_bits < float("inf") else None
        return SetBuffer(self.link, bits, whole, self.position)


def smaller_buffer(link: str, position: int) -> Buffer:
    """The same, turned the other way."""
    return Buffer(link, position, step=0.5, ladder_percent=(75, 50, 25, 12))


@dataclass(frozen=True, slots=True)
class Weight:
    """The weight of one queue among those of its port."""

    link: str
    position: int
    kind: ClassVar[str] = "weight"
    step: ClassVar[float] = 1.5
    ladder_percent: ClassVar[tuple[int, ...]] = (150, 200, 400, 800, 3200)

    @property
    def about(self) -> str:
        return f"{self.link}[{self.position}]"

    def change(self, scenario: Scenario, factor: float) -> Change:
        queues = scenario.topology.link(self.link).scheduling.queues
        weights = [queue.weight * (factor if index == self.position else 1.0) for index, queue in enumerate(queues)]
        return SetQueueWeights(self.link, tuple(weights))


@dataclass(frozen=True, slots=True)
class Move:
    """A change without a size: another class, another metric."""

    kind: str
    about: str
    change: Change


def _queue(scenario: Scenario, link: str, position: int) -> Queue:
    return scenario.topology.link(link).scheduling.queues[position]
