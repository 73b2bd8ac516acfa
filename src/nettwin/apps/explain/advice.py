"""What to do about a demand, in words: what helps, what hurts, what meets a target."""

from collections.abc import Iterator

from nettwin.apps.explain.lever_words import REROUTES, effect, harm, turned
from nettwin.apps.explain.parts import DemandExplanation, Remedy, Sensitivity, Target
from nettwin.apps.explain.port_words import listed
from nettwin.apps.explain.sensitivities import importance
from nettwin.performance.quantities import percent, seconds

_LEVERS, _REMEDIES = 3, 4
_WORTH_A_CHANGE, _WORTH_A_WARNING, _WORTH_A_REMOVAL = 0.01, 0.02, 0.1  # shares of the delay
_LOSSY, _WORTH_LOSS = 1e-4, 1e-3


def levers(each: DemandExplanation) -> Iterator[str]:
    """What would help most, and what would hurt."""
    turns = [row for row in each.sensitivities if row.knob not in (*REROUTES, "removal")]
    if useful := [row for row in turns if _helps(row)]:
        yield f"What would help most: {'; '.join(map(_told, useful[:_LEVERS]))}."
    elif turns:
        yield f"Nothing that was turned by itself (capacities, traffic, buffers, weights) helps it by {percent(_WORTH_A_CHANGE)}."
    removals = [row for row in each.sensitivities if row.knob == "removal" and _helps(row) and importance(row) >= _WORTH_A_REMOVAL]
    if removals:
        yield f"{_told(removals[0])[0].upper()}{_told(removals[0])[1:]}."
    growing = [row for row in turns if row.knob == "traffic" and row.opposite_delay_s_change > _WORTH_A_WARNING * each.delay_s]
    if growing:
        worst = max(growing, key=lambda row: row.opposite_delay_s_change)
        grower = "its own traffic" if worst.about == each.demand else worst.about
        yield f"If {grower} grew by {percent(1 / worst.factor - 1)}, it would take {seconds(worst.opposite_delay_s_change)} longer."


def moves(each: DemandExplanation) -> Iterator[str]:
    """Where else it could go: another queue, another way."""
    useful = [row for row in each.sensitivities if row.knob in REROUTES and _helps(row)]
    if useful:
        yield f"Moving it: {'; '.join(map(_told, useful[:_LEVERS]))}."


def _told(row: Sensitivity) -> str:
    return f"{turned(row)} {effect(row)}{harm(row)}"


def _helps(row: Sensitivity) -> bool:
    return importance(row) >= _WORTH_A_CHANGE and row.loss_ratio_change <= _LOSSY and not row.delay_s_change > 0


def aims(each: DemandExplanation, target: Target) -> Iterator[str]:
    """What would meet the target."""
    if not target.is_wanted:
        return
    wanted = _wanted(target)
    if target.is_met(each.delay_s, each.loss_ratio):
        yield f"It meets the target ({wanted}) as it is."
    elif not each.remedies:
        yield _why_not(each, target, wanted)
    else:
        told = [_remedy(each, row, target) for row in each.remedies[:_REMEDIES]]
        yield f"To meet the target ({wanted}), any one of these is enough: {'; '.join(told)}."
        useful = {row.knob for row in each.remedies}
        if vain := sorted({kind for kind, _ in each.vain} - useful):
            yield f"Not enough alone: {listed(vain)}."


def _why_not(each: DemandExplanation, target: Target, wanted: str) -> str:
    distance_s = each.total_s("propagation_s")
    if target.delay_s is not None and target.delay_s < distance_s:
        return f"On this way it cannot meet the target ({wanted}): propagation alone takes {seconds(distance_s)}."
    return f"No single change that was tried meets the target ({wanted}): it takes several at once, or another path."


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
