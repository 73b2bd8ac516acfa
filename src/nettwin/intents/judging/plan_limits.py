"""What the plan does, held against what it may do."""

from collections.abc import Iterator

from nettwin.changes import SegmentPolicy
from nettwin.changes.commands import command_of
from nettwin.intents.intent import Intent
from nettwin.intents.judging.case import Case
from nettwin.intents.judging.culprits import MOST_NAMED
from nettwin.intents.judging.knobs import knobs_of
from nettwin.intents.limits import Limits
from nettwin.intents.verdict import ClauseVerdict, Status

_USUAL = Limits()


def judge_plan(intent: Intent, case: Case) -> Iterator[ClauseVerdict]:
    """The limits on changes. Those that have their usual value are only spoken of where they are violated."""
    if case.before is None:
        return
    limits = intent.limits
    if limits.max_changes is not None:
        yield _changes(limits.max_changes, case.n_changes)
    every = (("knobs", _knobs), ("max_splits", _splits), ("max_segments", _segments))
    for name, judge in every:
        clause = judge(limits, case)
        if clause.status is Status.VIOLATED or getattr(limits, name) != getattr(_USUAL, name):
            yield clause


def _changes(most: int, n: int) -> ClauseVerdict:
    is_kept = n <= most
    return ClauseVerdict(
        clause="limits.max_changes",
        status=Status.SATISFIED if is_kept else Status.VIOLATED,
        excess=max(n - most, 0) / max(most, 1),
        doubt=max(n - most, 0) / max(most, 1),
        words=f"a plan may have at most {most} changes: this one has {n}",
    )


def _knobs(limits: Limits, case: Case) -> ClauseVerdict:
    allowed = set(limits.knobs)
    turned = [(change, knobs_of(change, case.before or case.scenario)) for change in case.plan]
    wrong = [change for change, knobs in turned if knobs is None or not knobs <= allowed]
    what = f"{len(wrong)} of {len(turned)} changes turn another, {_short(command_of(wrong[0]))} first" if wrong else "it does"
    return ClauseVerdict(
        clause="limits.knobs",
        status=Status.VIOLATED if wrong else Status.SATISFIED,
        excess=float(len(wrong)),
        doubt=float(len(wrong)),
        words=f"a plan may only change {', '.join(limits.knobs) or 'nothing'}: {what}",
    )


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."


def _splits(limits: Limits, case: Case) -> ClauseVerdict:
    count = {change.demand: len(change.lists) for change in _policies(case)}
    return _counted("max_splits", "segment list(s) for one demand", limits.max_splits, count)


def _segments(limits: Limits, case: Case) -> ClauseVerdict:
    count = {change.demand: max((len(each.segments) for each in change.lists), default=0) for change in _policies(case)}
    return _counted("max_segments", "segment(s) in one list", limits.max_segments, count)


def _policies(case: Case) -> list[SegmentPolicy]:
    return [change for change in case.plan if isinstance(change, SegmentPolicy)]


def _counted(name: str, what: str, most: int, count: dict[str, int]) -> ClauseVerdict:
    above = sorted((demand for demand in count if count[demand] > most), key=lambda demand: -count[demand])
    highest = max(count.values(), default=0)
    words = (
        f"{len(above)} {'demand has' if len(above) == 1 else 'demands have'} more, worst {above[0]} with {count[above[0]]}"
        if above
        else f"this one has {highest} at most"
    )
    return ClauseVerdict(
        clause=f"limits.{name}",
        status=Status.VIOLATED if above else Status.SATISFIED,
        excess=sum((count[demand] - most) / max(most, 1) for demand in above),
        doubt=sum((count[demand] - most) / max(most, 1) for demand in above),
        words=f"a plan may have at most {most} {what}: {words}",
        demands=tuple(above[:MOST_NAMED]),
    )
