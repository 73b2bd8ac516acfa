"""An explanation as a network engineer would write it."""

import math
from collections.abc import Iterator, Sequence

from nettwin.apps.explain.advice import aims, levers, moves
from nettwin.apps.explain.causes import drops_by_queue, waits_by_queue
from nettwin.apps.explain.parts import DemandExplanation, Hop, QueueLoad, Target
from nettwin.apps.explain.port_words import buffer_words, listed, who, why
from nettwin.performance.quantities import bits_per_second, percent, seconds

_WORTH_TELLING = 0.02  # share of the delay
_WORTH_DETAIL = 0.1
_QUEUES = 2
_LOSSY = 1e-4
_MOSTLY, _ALL = 0.6, 0.995
_PARTS = {"wait_s": "queueing", "transmission_s": "transmission", "propagation_s": "propagation"}


def paragraphs(each: DemandExplanation, target: Target) -> tuple[str, ...]:
    """What there is to say about one demand, the most important first."""
    topics = (
        (_nothing_arrives(each), levers(each), moves(each))
        if math.isnan(each.delay_s)
        else (_head(each), _parts(each), *_queues(each), _loss(each), levers(each), moves(each), aims(each, target))
    )
    return tuple(filter(None, (" ".join(sentences) for sentences in topics)))


def _head(each: DemandExplanation) -> Iterator[str]:
    loss = f" and loses {percent(each.loss_ratio)} of its packets" if each.loss_ratio > _LOSSY else ""
    way = f"class {each.traffic_class}, {bits_per_second(each.rate_bps)}, {_way(each.hops)}"
    yield f"{each.demand} ({way}) takes {seconds(each.delay_s)} in the mean{loss}."
    belief = each.belief
    if math.isfinite(belief.coverage):
        covered = f"{belief.coverage:.0%} interval".replace("%", " %")
        yield f"The engine puts that mean between {seconds(belief.lower_s)} and {seconds(belief.upper_s)} ({covered})."
    if belief.is_trusted is False:
        yield "Take it with care: this demand is outside what the engine knows well."


def _way(hops: Sequence[Hop]) -> str:
    links_of_path: dict[int, int] = {}
    for hop in hops:
        links_of_path[hop.path] = links_of_path.get(hop.path, 0) + 1
    least, most = min(links_of_path.values()), max(links_of_path.values())
    links = f"{most} link{'s' if most > 1 else ''}" if least == most else f"{least} to {most} links"
    return f"over {links}" if len(links_of_path) == 1 else f"over {len(links_of_path)} paths of {links}"


def _parts(each: DemandExplanation) -> Iterator[str]:
    """How the delay divides, and what follows where it is not queueing."""
    times = {name: each.total_s(name) for name in _PARTS}
    ranked = sorted(times, key=lambda name: -times[name])
    told = [f"{seconds(times[name])} ({_share(each, times[name])}) is {_PARTS[name]}" for name in ranked if times[name] > 0]
    if told:
        yield f"Of that, {listed(told)}."
    if times["propagation_s"] > _MOSTLY * each.delay_s:
        yield "Most of it is distance: no capacity, buffer or scheduler changes that, only a shorter path."
    elif times["transmission_s"] > _MOSTLY * each.delay_s:
        slowest = max(each.hops, key=lambda hop: hop.path_share * hop.transmission_s)
        place = f"{seconds(slowest.transmission_s)} at {slowest.link} alone ({bits_per_second(slowest.load.capacity_bps)})"
        yield f"Most of it is putting packets on the wire, {place}: a faster link or smaller packets help, less traffic hardly does."


def _queues(each: DemandExplanation) -> Iterator[Iterator[str]]:
    """A paragraph for each of the worst queues, and one for the rest."""
    waits = waits_by_queue(each.hops)
    loads = {(hop.link, hop.load.position): hop.load for hop in each.hops}
    told = [key for key in sorted(waits, key=lambda key: -waits[key]) if waits[key] > _WORTH_TELLING * each.delay_s]
    detailed = [key for key in told[:_QUEUES] if key == told[0] or waits[key] > _WORTH_DETAIL * each.delay_s]
    for key in detailed:
        yield _queue(each, loads[key], waits[key])
    if rest := told[len(detailed) :]:
        waited = sum(waits[key] for key in rest)
        yield iter([f"Another {seconds(waited)} ({_share(each, waited)}) is queueing at {listed([link for link, _ in rest])}."])


def _queue(each: DemandExplanation, load: QueueLoad, wait_s: float) -> Iterator[str]:
    yield f"{seconds(wait_s)} ({_share(each, wait_s)}) is queueing at {load.link}, {why(load)}."
    yield from who(load, [cause for cause in each.causes if (cause.link, cause.position) == (load.link, load.position)])


def _loss(each: DemandExplanation) -> Iterator[str]:
    if each.loss_ratio <= _LOSSY:
        return
    drops = drops_by_queue(each.hops)
    worst = max(drops, key=lambda key: drops[key])
    if drops[worst] <= 0:
        yield f"It loses {percent(each.loss_ratio)} because a part of it has no path."
        return
    hop = next(hop for hop in each.hops if (hop.link, hop.load.position) == worst)
    share = drops[worst] / each.loss_ratio
    start = "All its losses" if share > _ALL else f"{percent(share)} of its losses"
    load, too_long = hop.load, hop.too_long_ratio
    yield f"{start} happen at {load.link}, where its queue is offered {load.pressure:.2f} of what it can send and has {buffer_words(load)}."
    if too_long > _LOSSY:
        yield f"{percent(too_long)} of its packets are longer than that and never fit."


def _nothing_arrives(each: DemandExplanation) -> Iterator[str]:
    if each.rate_bps == 0:
        yield f"{each.demand} sends nothing, so there is nothing to explain."
    elif not each.hops:
        yield f"Nothing of {each.demand} arrives: no path leads from {each.source} to {each.target}."
        yield "Look at failed links and nodes, and at the routing policy."
    else:
        worst = max(each.hops, key=lambda hop: hop.loss_ratio)
        yield f"Nothing of {each.demand} arrives: its packets are dropped at {worst.link}."
        if worst.too_long_ratio > _ALL:
            yield f"They are longer than {buffer_words(worst.load)}."
        else:
            yield f"That link is down, or {buffer_words(worst.load)} has no room for them."


def _share(each: DemandExplanation, time_s: float) -> str:
    return percent(time_s / each.delay_s)
