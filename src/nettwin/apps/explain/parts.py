"""What an explanation is made of. Ids name things; times are seconds, shares 0 to 1, NaN where there is nothing to say."""

import math
from dataclasses import dataclass

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Target:
    """What the operator wants of a demand; None: does not matter."""

    delay_s: float | None = None
    loss_ratio: float | None = None

    @property
    def is_wanted(self) -> bool:
        return self.delay_s is not None or self.loss_ratio is not None

    def is_met(self, delay_s: float, loss_ratio: float) -> bool:
        """Nothing is met by a demand of which nothing arrives."""
        if math.isnan(delay_s):
            return False
        return (self.delay_s is None or delay_s <= self.delay_s) and (self.loss_ratio is None or loss_ratio <= self.loss_ratio)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLoad:
    """What a queue is asked to carry, as shares of its link's capacity."""

    link: str
    position: int  # of the queue within its port
    n_queues: int
    discipline: str
    weight_ratio: float  # weight over the weights of all queues of the port
    capacity_bps: float
    offered: float  # arrives for the queue
    ahead: float  # sent from queues that go before this one, or share the port with it
    left: float  # what the queue can have of the port while it has packets: the rest, at least what its weight grants
    bursty_ratio: float  # share of what is offered that comes from sources that send in bursts
    buffer_bits: float
    buffer_packets: float

    @property
    def pressure(self) -> float:
        """Offered over left: at 1 the queue gets as much as it can send."""
        return self.offered / self.left if self.left > 0 else math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One port on one path of a demand."""

    path: int  # of the demand, from 0
    path_share: float  # of the demand's delivered packets
    load: QueueLoad
    propagation_s: float
    transmission_s: float
    wait_s: float
    loss_ratio: float  # of the packets that come here
    dropped_ratio: float  # of all packets that the demand sends
    too_long_ratio: float  # of the packets that come here: longer than the buffer
    utilization: float  # of the link

    @property
    def link(self) -> str:
        return self.load.link


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A demand that makes another one wait, or lose packets, at one queue."""

    link: str
    position: int
    demand: str
    relation: str  # itself, same queue, goes before, shares the port
    traffic_class: int
    load: float  # of the link's capacity, offered here by this demand
    share: float  # of the load with the same relation (its own queue, or the queues that go before)
    wait_s: float  # of the explained demand's wait here, attributed by load


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """What turning one knob does to a demand, asked of the whole twin."""

    knob: str
    about: str  # a link, a demand, a class
    change: str  # the command that nettwin whatif takes
    factor: float  # of what is turned; NaN for a move that has no size
    delay_s_change: float
    delay_change_ratio: float
    loss_ratio_change: float
    opposite_delay_s_change: float  # of the inverse factor; NaN where there is none
    elasticity: float  # percent of delay per percent of the knob, from both sides
    slope: float  # the same for a turn that is next to nothing, by the derivative; NaN where the engine has none
    n_harmed: int  # other demands that become clearly slower or lose more


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """What a demand hangs on, for turns that are next to nothing; today's paths stay."""

    knob: str
    about: str  # a link, a demand, a queue
    delay_slope: float  # percent of its delay per percent of the knob
    loss_slope: float  # points of its loss ratio per percent of the knob
    is_on_way: bool  # a port that it passes, or a demand that loads one of the queues that matter to it


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """The smallest turn of one knob, alone, that meets the target, and what the twin then expects."""

    knob: str
    about: str
    change: str
    factor: float
    delay_s: float
    loss_ratio: float
    delay_upper_s: float  # of the interval of the mean delay; NaN without one
    n_harmed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """How sure the engine is of a demand's mean delay."""

    lower_s: float = NAN
    upper_s: float = NAN
    coverage: float = NAN
    is_trusted: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandExplanation:
    """Why a demand is as slow and lossy as it is, and what would change it."""

    demand: str
    source: str
    target: str
    traffic_class: int
    rate_bps: float
    delay_s: float
    loss_ratio: float
    belief: Belief
    hops: tuple[Hop, ...]
    causes: tuple[Cause, ...] = ()
    sensitivities: tuple[Sensitivity, ...] = ()
    slopes: tuple[Slope, ...] = ()
    """Of the whole network, the steepest first; none where the engine has no derivatives."""
    remedies: tuple[Remedy, ...] = ()
    vain: tuple[tuple[str, str], ...] = ()
    """Knobs, by kind and what they are about, that cannot meet the target alone."""
    text: tuple[str, ...] = ()
    """The same in words, a paragraph each."""

    def total_s(self, part: str) -> float:
        """A part of the delay (``wait_s``, ``transmission_s``, ``propagation_s``) over all hops and paths."""
        return math.fsum(hop.path_share * getattr(hop, part) for hop in self.hops)
