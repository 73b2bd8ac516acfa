"""What single changes do to a demand, asked of the whole twin: the change as it is named, and its opposite."""

import math
from dataclasses import replace

from nettwin.apps.explain.knobs import Knob
from nettwin.apps.explain.levers import Levers
from nettwin.apps.explain.parts import NAN, Sensitivity
from nettwin.apps.explain.slopes import Steepness
from nettwin.apps.explain.what_ifs import WhatIfs
from nettwin.changes import Change, command_of
from nettwin.scenario import Scenario


def changes_of(scenario: Scenario, levers: Levers) -> list[Change]:
    """All that ``sensitivities_of`` asks, so that it can be asked in one batch."""
    sized = [knob.change(scenario, factor) for knob in levers.knobs for factor in (knob.step, 1 / knob.step)]
    return sized + [move.change for move in (*levers.moves, *levers.removals)]


def sensitivities_of(what_ifs: WhatIfs, demand: int, levers: Levers, steep: Steepness | None = None) -> tuple[Sensitivity, ...]:
    """The effect of every lever on a demand, the largest first; beside it the slope, where the engine has one."""
    rows = [replace(_of_knob(what_ifs, demand, knob), slope=NAN if steep is None else steep.of(knob)) for knob in levers.knobs]
    rows += [_effect(what_ifs, demand, (move.kind, move.about), move.change) for move in (*levers.moves, *levers.removals)]
    return tuple(sorted(rows, key=lambda row: -importance(row)))


def importance(row: Sensitivity) -> float:
    """Relative change of the delay or change of the loss ratio, whichever is more; a demand cut off tells nothing."""
    ratio = row.delay_change_ratio
    return max(0.0 if math.isnan(ratio) else abs(ratio), abs(row.loss_ratio_change))


def _of_knob(what_ifs: WhatIfs, demand: int, knob: Knob) -> Sensitivity:
    change, opposite = (knob.change(what_ifs.scenario, factor) for factor in (knob.step, 1 / knob.step))
    row = _effect(what_ifs, demand, (knob.kind, knob.about), change)
    there, before, back = (
        float(outcome.delay_s[demand]) for outcome in (what_ifs.after(change), what_ifs.before, what_ifs.after(opposite))
    )
    slope = math.log(there / back) / (2 * math.log(knob.step)) if there > 0 and back > 0 else NAN
    return replace(row, factor=knob.step, opposite_delay_s_change=back - before, elasticity=slope)


def _effect(what_ifs: WhatIfs, demand: int, lever: tuple[str, str], change: Change) -> Sensitivity:
    before, after = what_ifs.before, what_ifs.after(change)
    delay_s, change_s = float(before.delay_s[demand]), float(after.delay_s[demand] - before.delay_s[demand])
    harmed = after.harmed(before)
    return Sensitivity(
        knob=lever[0],
        about=lever[1],
        change=command_of(change),
        factor=NAN,
        delay_s_change=change_s,
        delay_change_ratio=change_s / delay_s if delay_s > 0 else NAN,
        loss_ratio_change=float(after.loss_ratio[demand] - before.loss_ratio[demand]),
        opposite_delay_s_change=NAN,
        elasticity=NAN,
        slope=NAN,
        n_harmed=int(harmed.sum() - harmed[demand]),
    )
