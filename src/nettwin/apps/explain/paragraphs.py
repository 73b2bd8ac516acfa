"""An explanation as a network engineer would write it."""

import math
from collections.abc import Iterator, Sequence

from nettwin.apps.explain.causes import drops_by_queue, waits_by_queue
from nettwin.apps.explain.lever_words import REROUTES, effect, harm, turned
from nettwin.apps.explain.parts import DemandExplanation, Hop, QueueLoad, Remedy, Sensitivity, Target
from nettwin.apps.explain.port_words import buffer_words, listed, who, why
from nettwin.apps.explain.sensitivities import importance
from nettwin.apps.quantities import bits_per_second, percent, seconds

_WORTH_TELLING = 0.02  # share of the delay
_WORTH_DETAIL = 0.1
_WORTH_A_CHANGE = 0.01
_LEVERS, _REMEDIES, _QUEUES = 3, 4, 2
_LOSSY, _WORTH_LOSS = 1e-4, 1e-3
_MOSTLY, _ALL = 0.6, 0.995
_PARTS = {"wait_s": "queueing", "transmission_s": "transmission", "propagation_s": "propagation"}


def paragraphs(each: DemandExplanation, target: Target) -> tuple[str, ...]:
    """What there is to say about one demand, the most important first."""
    topics = (
        (_nothing_arrives(each), _levers(each), _moves(each))
        if math.isnan(each.delay_s)
        else (_head(each), _parts(each), *_queues(each), _loss(each), _levers(each), _moves(each), _aims(each, target))
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
    load = next(hop.load for hop in each.hops if (hop.link, hop.load.position) == worst)
    share = drops[worst] / each.loss_ratio
    start = "All its losses" if share > _ALL else f"{percent(share)} of its losses"
    yield f"{start} happen at {load.link}, where its queue is offered {load.pressure:.2f} of what it can send and has {buffer_words(load)}."


def _levers(each: DemandExplanation) -> Iterator[str]:
    """What would help most, and what would hurt."""
    turns = [row for row in each.sensitivities if row.knob not in (*REROUTES, "removal")]
    if useful := [row for row in turns if _helps(row)]:
        yield f"What would help most: {'; '.join(map(_told, useful[:_LEVERS]))}."
    elif turns:
        yield f"Nothing that was turned by itself (capacities, traffic, buffers, weights) helps it by {percent(_WORTH_A_CHANGE)}."
    removals = [row for row in each.sensitivities if row.knob == "removal" and _helps(row) and importance(row) >= _WORTH_DETAIL]
    if removals:
        yield f"{_told(removals[0])[0].upper()}{_told(removals[0])[1:]}."
    growing = [row for row in turns if row.knob == "traffic" and row.opposite_delay_s_change > _WORTH_TELLING * each.delay_s]
    if growing:
        worst = max(growing, key=lambda row: row.opposite_delay_s_change)
        grower = "its own traffic" if worst.about == each.demand else worst.about
        yield f"If {grower} grew by {percent(1 / worst.factor - 1)}, it would take {seconds(worst.opposite_delay_s_change)} longer."


def _moves(each: DemandExplanation) -> Iterator[str]:
    useful = [row for row in each.sensitivities if row.knob in REROUTES and _helps(row)]
    if useful:
        yield f"Moving it: {'; '.join(map(_told, useful[:_LEVERS]))}."


def _told(row: Sensitivity) -> str:
    return f"{turned(row)} {effect(row)}{harm(row)}"


def _helps(row: Sensitivity) -> bool:
    return importance(row) >= _WORTH_A_CHANGE and row.loss_ratio_change <= _LOSSY and not row.delay_s_change > 0


def _aims(each: DemandExplanation, target: Target) -> Iterator[str]:
    """What would meet the target."""
    if not target.is_wanted:
        return
    wanted = _wanted(target)
    if target.is_met(each.delay_s, each.loss_ratio):
        yield f"It meets the target ({wanted}) as it is."
    elif target.delay_s is not None and target.delay_s < (distance_s := each.total_s("propagation_s")):
        yield f"On this way it cannot meet the target ({wanted}): propagation alone takes {seconds(distance_s)}."
    elif not each.remedies:
        yield f"No single change that was tried meets the target ({wanted}): it takes several at once, or another path."
    else:
        told = [_remedy(each, row, target) for row in each.remedies[:_REMEDIES]]
        yield f"To meet the target ({wanted}), any one of these is enough: {'; '.join(told)}."
        useful = {row.knob for row in each.remedies}
        if vain := sorted({kind for kind, _ in each.vain} - useful):
            yield f"Not enough alone: {listed(vain)}."


def _remedy(each: DemandExplanation, row: Remedy, target: Target) -> str:
    figures = [seconds(row.delay_s)]
    if target.loss_ratio is not None or abs(row.loss_ratio - each.loss_ratio) > _WORTH_LOSS:
        figures.append(f"{percent(row.loss_ratio)} lost")
    if target.delay_s is not None and row.delay_upper_s > target.delay_s:
        figures.append(f"up to {seconds(row.delay_upper_s)} by its interval")
    return f"{turned(row)} ({', '.join(figures)}){harm(row)}"


def _wanted(target: Target) -> str:
    parts = [] if target.delay_s is None else [f"at most {seconds(target.delay_s)}"]
    parts += [] if target.loss_ratio is None else [f"at most {percent(target.loss_ratio)} lost"]
    return listed(parts)


def _nothing_arrives(each: DemandExplanation) -> Iterator[str]:
    if each.rate_bps == 0:
        yield f"{each.demand} sends nothing, so there is nothing to explain."
    elif not each.hops:
        yield f"Nothing of {each.demand} arrives: no path leads from {each.source} to {each.target}."
        yield "Look at failed links and nodes, and at the routing policy."
    else:
        worst = max(each.hops, key=lambda hop: hop.loss_ratio)
        yield f"Nothing of {each.demand} arrives: its packets are dropped at {worst.link}."
        yield f"That link is down, or {buffer_words(worst.load)} has no room for them."


def _share(each: DemandExplanation, time_s: float) -> str:
    return percent(time_s / each.delay_s)
