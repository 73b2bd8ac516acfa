"""Why a queue makes its packets wait, and who is behind it, in words."""

import math
from collections.abc import Sequence

from nettwin.apps.explain.causes import ITSELF, SAME_QUEUE
from nettwin.apps.explain.parts import Cause, QueueLoad
from nettwin.performance.quantities import bits_per_second, number, percent
from nettwin.scenario import Discipline

_NEAR_FULL, _MOSTLY = 0.9, 0.5
_NAMED = 3
_WORTH_NAMING, _WORTH_LISTING = 0.05, 0.15  # shares of a load: of one demand, of those named together
_STRICT, _FIFO = Discipline.STRICT_PRIORITY.value, Discipline.FIFO.value


def role(load: QueueLoad) -> str:
    """What the queue is among those of its port."""
    if load.n_queues == 1:
        return "the queue"
    if load.discipline != _STRICT:
        return f"queue {load.position} ({load.discipline}, {percent(load.weight_ratio)} of the weights)"
    if load.position == 0:
        return "the highest-priority queue"
    if load.position == load.n_queues - 1:
        return "the lowest-priority (best-effort) queue"
    return f"priority queue {load.position} of 0 to {load.n_queues - 1}"


def why(load: QueueLoad) -> str:
    """``where the lowest-priority (best-effort) queue is offered 0.97 of what strict priority leaves it``."""
    return f"where {role(load)} is offered {_times(load.pressure)} {_of_what(load)}{_consequence(load)}"


def who(load: QueueLoad, causes: Sequence[Cause]) -> list[str]:
    """Sentences about the demands in the queue, and about those that go before."""
    own = [cause for cause in causes if cause.relation in (ITSELF, SAME_QUEUE)]
    others = [cause for cause in causes if cause.relation not in (ITSELF, SAME_QUEUE)]
    found = [_of_load("that load", own)] if own else []
    if others and load.ahead > _WORTH_NAMING:
        taken = "The queues that go before it take" if load.discipline == _STRICT else "The other queues take"
        found.append(f"{taken} {percent(load.ahead)} of the link: {_of_load('that', others)[0].lower()}{_of_load('that', others)[1:]}")
    return found


def buffer_words(load: QueueLoad) -> str:
    """``a buffer of 32 packets``."""
    if math.isfinite(load.buffer_packets):
        return f"a buffer of {number(load.buffer_packets)} packets"
    if math.isfinite(load.buffer_bits):
        return f"a buffer of {load.buffer_bits / 8000:,.3g} kB"
    return "an endless buffer"


def listed(items: Sequence[str]) -> str:
    """``a, b and c``."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _of_what(load: QueueLoad) -> str:
    capacity = bits_per_second(load.capacity_bps)
    left = f"{bits_per_second(load.left * load.capacity_bps)} of {capacity}"
    if load.discipline == _FIFO or load.n_queues == 1 or load.ahead <= 0:
        return f"of the link's {capacity}"
    if load.discipline == _STRICT:
        return f"of what strict priority leaves it ({left})"
    return f"of what its weight and the other queues leave it ({left})"


def _consequence(load: QueueLoad) -> str:
    if load.pressure >= 1:
        return ": more than it can send, so its buffer stands full"
    if load.pressure >= _NEAR_FULL:
        return ", so close to full that a little more traffic costs much"
    if load.bursty_ratio >= _MOSTLY:
        return f" in the mean, but {percent(load.bursty_ratio)} of its traffic comes in bursts"
    return ""


def _of_load(what: str, causes: Sequence[Cause]) -> str:
    """``55 % of that load is A->B (31 %) and C->D (24 %)``, or how it is spread where nobody stands out."""
    ranked = sorted(causes, key=lambda cause: -cause.share)
    named = [cause for cause in ranked[:_NAMED] if cause.share >= _WORTH_NAMING]
    together = sum(cause.share for cause in named)
    if together < _WORTH_LISTING:
        return f"{what[0].upper()}{what[1:]} is spread over {len(ranked)} demands, none with more than {percent(ranked[0].share)} of it."
    if len(named) == len(ranked) == 1:
        return f"All of {what} is {_named(named[0])}."
    shares = [f"{_named(cause)} ({percent(cause.share)})" if len(named) > 1 else _named(cause) for cause in named]
    rest = len(ranked) - len(named)
    tail = f"; {rest} other demands bring the rest" if rest > 1 else ""
    start = f"All of {what}" if rest == 0 else f"{percent(together)} of {what}"
    return f"{start} is {listed(shares)}{tail}."


def _named(cause: Cause) -> str:
    return "its own traffic" if cause.relation == ITSELF else cause.demand


def _times(pressure: float) -> str:
    return "far more than nothing" if math.isinf(pressure) else f"{pressure:.2f}"
