"""From where the relay ended to the fewest changes that lead there."""

from collections.abc import Sequence

from nettwin.changes import Plan
from nettwin.changes.change import Change
from nettwin.controlplane import offered_utilization
from nettwin.intents.intent import Intent
from nettwin.intents.judging import judge_many
from nettwin.intents.objectives import Figure
from nettwin.intents.verdict import Verdict
from nettwin.optimize.answer import Counting, Found
from nettwin.optimize.portfolio.difference import changes_between, steers_only
from nettwin.optimize.portfolio.relay import Relay
from nettwin.optimize.portfolio.sparing import spared
from nettwin.scenario import Scenario

_ROUNDING = 1e-9


def finished(relay: Relay, tolerance: float, gap: float) -> Found:
    """The changes to the best plan, without those that do not matter, judged.

    The first objective may lose ``tolerance``, or stay within ``gap`` of its bound.
    """
    changes = changes_between(relay.scenario, relay.best)
    if not changes:
        return _found(relay, (), 0)
    candidates = [changes]
    if steers_only(relay.scenario, relay.best):
        tolerance = max(tolerance, (1 + gap) / (1 + relay.gap) - 1)
        limit = _most_utilization(relay.intent, float(offered_utilization(relay.best).max(initial=0.0)), tolerance)
        fewer = spared(relay.scenario, relay.best, relay.intent, limit)
        candidates += [fewer] if len(fewer) < len(changes) else []
    scenarios = [Plan(each).apply(relay.scenario) for each in candidates]
    predict = Counting(relay.predictor)
    verdicts = judge_many(relay.intent, scenarios, predict, before=relay.scenario)
    chosen = len(candidates) - 1 if _is_as_good(verdicts[-1], verdicts[0], relay.intent, tolerance) else 0
    return _found(relay, candidates[chosen], predict.n_asked, verdicts[chosen], scenarios[chosen])


def _found(
    relay: Relay, changes: Sequence[Change], n_asked: int, verdict: Verdict | None = None, scenario: Scenario | None = None
) -> Found:
    return Found(
        method="portfolio",
        changes=changes,
        bound=relay.bound,
        predictions=relay.predictions + n_asked,
        conflicts=relay.conflicts,
        notes=relay.told,
        verdict_before=relay.verdict_before,
        verdict=verdict,
        scenario=scenario,
    )


def _most_utilization(intent: Intent, now: float, tolerance: float) -> float:
    """How full links may become when changes are taken back."""
    limit = None if intent.limits.max_utilization is None else intent.limits.max_utilization / intent.growth_factor
    figures = [objective.minimize for objective in intent.objectives]
    if Figure.MAX_UTILIZATION not in figures:
        return max(now, limit) if limit is not None else now
    place = figures.index(Figure.MAX_UTILIZATION)
    given = intent.objectives[place].tolerance if Figure.CHANGES in figures[place + 1 :] else 0.0
    room = now * (1 + max(tolerance, given))
    return min(room, limit) if limit is not None and now <= limit else room


def _is_as_good(first: Verdict, second: Verdict, intent: Intent, tolerance: float) -> bool:
    """Whether the first is no worse than the second but for the tolerance."""
    if first.hard_excess > second.hard_excess + _ROUNDING or first.penalty > second.penalty * (1 + tolerance) + _ROUNDING:
        return False
    given = [max(tolerance, objective.tolerance) + _ROUNDING for objective in intent.objectives]
    return all(one <= other * (1 + room) for one, other, room in zip(first.objectives, second.objectives, given, strict=True))
