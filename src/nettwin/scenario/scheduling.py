"""How an output port holds and orders packets: discipline, queues, class-to-queue map."""

import math
from dataclasses import dataclass
from enum import StrEnum

from nettwin.errors import ScenarioError


class Discipline(StrEnum):
    """Which queue of a port sends next. All are non-preemptive and work-conserving."""

    FIFO = "fifo"
    STRICT_PRIORITY = "strict-priority"
    """The lowest queue index that holds a packet goes first."""
    WFQ = "wfq"
    """Self-clocked fair queueing (Golestani, INFOCOM 1994), a packet form of GPS."""
    DRR = "drr"
    """Deficit round robin (Shreedhar & Varghese, SIGCOMM 1995)."""
    LEAST_SERVED = "least-served"
    """The backlogged queue with the fewest bits served since time 0 per unit of weight.

    Not fair queueing: a queue below its long-run share is served like a strict priority.
    """
    VIRTUAL_CLOCK = "virtual-clock"
    """Packets in the order of the clock of their queue, which a packet moves on by its size at the queue's share of the capacity.

    The clock never lags behind the time (L. Zhang, SIGCOMM 1990). Within its share a queue is served fairly; a queue that took more
    pays for it later. BNNetSimulator calls it WFQ.
    """


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue of a port. A packet is dropped on arrival if either bound would be exceeded."""

    buffer_bits: float = math.inf
    buffer_packets: float = math.inf
    weight: float = 1.0

    def __post_init__(self) -> None:
        for name in ("buffer_bits", "buffer_packets", "weight"):
            value = getattr(self, name)
            if not value > 0:
                raise ScenarioError(f"{name} is {value}", where="queue", hint="it must be above zero")
        if not math.isfinite(self.weight):
            raise ScenarioError("weight is infinite", where="queue", hint="give a finite weight")


@dataclass(frozen=True, slots=True)
class Scheduling:
    """The scheduler of one output port."""

    discipline: Discipline = Discipline.FIFO
    queues: tuple[Queue, ...] = (Queue(),)
    queue_by_class: tuple[int, ...] = ()
    """Queue index of each traffic class. Empty: class c uses queue c. Classes beyond the map or the queues use the last."""
    quantum_bits: float = 12_000.0
    """DRR: bits that a queue of weight 1 gains in each round."""
    buffer_holds_packet_in_service: bool = True
    """Whether the packet on the wire still occupies its queue."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "discipline", Discipline(self.discipline))
        if not self.queues:
            raise ScenarioError("a port without queues", where="scheduling", hint="give at least one queue")
        if self.discipline is Discipline.FIFO and len(self.queues) != 1:
            raise ScenarioError(
                f"FIFO with {len(self.queues)} queues", where="scheduling", hint="FIFO has one queue; use strict-priority, wfq or drr"
            )
        if not (self.quantum_bits > 0 and math.isfinite(self.quantum_bits)):
            raise ScenarioError(f"quantum_bits is {self.quantum_bits}", where="scheduling", hint="it must be positive and finite")
        for queue in self.queue_by_class:
            if not 0 <= queue < len(self.queues):
                raise ScenarioError(
                    f"a class is mapped to queue {queue}, the port has {len(self.queues)}", where="scheduling", hint="queues count from 0"
                )

    def queue_of_class(self, traffic_class: int) -> int:
        """Index of the queue within the port that serves ``traffic_class``."""
        mapping = self.queue_by_class or tuple(range(len(self.queues)))
        return mapping[min(traffic_class, len(mapping) - 1)]
