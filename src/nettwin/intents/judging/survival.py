"""What still holds when something fails: loads by the control plane, SLOs by the engine."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nettwin.changes import FailNode
from nettwin.changes.single_failures import Failure
from nettwin.controlplane.failures import FailureLoads, loads_after_failures
from nettwin.intents.intent import Intent
from nettwin.intents.judging.capacity import utilization_excess
from nettwin.intents.judging.case import Case, Predict, routed_share
from nettwin.intents.judging.chosen_failures import chosen_failures
from nettwin.intents.judging.culprits import MOST_NAMED
from nettwin.intents.judging.holding import Held, hold
from nettwin.intents.judging.slo_words import asked
from nettwin.intents.selecting import rows
from nettwin.intents.survival import Survive
from nettwin.intents.verdict import ClauseVerdict, Status
from nettwin.performance.quantities import bits_per_second, percent
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray

_TOGETHER = 16
"""Failures that an engine is asked about at once."""


@dataclass(frozen=True, eq=False)
class Finding:
    """One requirement, over all failures."""

    words: str
    excess: FloatArray  # [failure]
    doubt: FloatArray  # [failure]
    status: Status
    demands: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Failures:
    """All failures of one kind, and what the control plane makes of them."""

    scenario: Scenario
    items: tuple[Failure, ...]

    @cached_property
    def loads(self) -> FailureLoads:
        """The intact network first."""
        return loads_after_failures(self.scenario, [(), *(failure.links for failure in self.items)])

    @cached_property
    def utilization(self) -> FloatArray:  # [failure, link]
        return np.asarray(self.loads.load_bps[1:] / self.scenario.topology.capacity_bps)

    def lost_ends(self, failure: Failure) -> BoolArray:  # [demand] that start or end at a failed node
        node = self.scenario.topology.node_index.get(failure.id, -1) if isinstance(failure.change, FailNode) else -1
        return np.asarray((self.scenario.traffic.source == node) | (self.scenario.traffic.target == node))


def judge_survival(intent: Intent, case: Case, predict: Predict | None) -> Iterator[ClauseVerdict]:
    """One verdict for each clause; hard."""
    for index, clause in enumerate(intent.survive):
        failures = Failures(case.scenario, chosen_failures(clause, case.scenario))
        findings = list(_findings(intent, clause, failures, case, predict))
        statuses = {finding.status for finding in findings}
        status = next((each for each in (Status.VIOLATED, Status.UNDETERMINED) if each in statuses), Status.SATISFIED)
        told = [finding for finding in findings if finding.status is status] if status is not Status.SATISFIED else findings
        kind = str(clause.single).replace("-", " ")
        told_words = "; ".join(finding.words for finding in told)
        yield ClauseVerdict(
            clause=f"survive[{index}]",
            status=status,
            excess=float(sum(finding.excess.sum() for finding in findings)),
            doubt=float(sum(finding.doubt.sum() for finding in findings)),
            words=f"when any of {len(failures.items)} {kind}s fails alone, {told_words}"
            if failures.items
            else f"there is no {kind} that could fail",
            demands=tuple(dict.fromkeys(name for finding in told for name in finding.demands))[:MOST_NAMED],
            links=tuple(dict.fromkeys(name for finding in told for name in finding.links))[:MOST_NAMED],
        )


def _findings(intent: Intent, clause: Survive, failures: Failures, case: Case, predict: Predict | None) -> Iterator[Finding]:
    if clause.max_utilization is not None:
        yield _utilization(clause.max_utilization, failures)
    if clause.connected:
        yield _connected(failures, case)
    names = dict.fromkeys(name for wanted in clause.slos for name in intent.slos_named(wanted))
    if names:
        yield from _slos(intent, list(names), failures, predict)


def _utilization(bound: float, failures: Failures) -> Finding:
    links, worst_link = failures.scenario.topology.links, failures.utilization.argmax(axis=1) if failures.items else np.empty(0, dtype=int)
    highest = failures.utilization.max(axis=1, initial=0.0)
    excess = utilization_excess(highest, bound)
    order = np.argsort(-highest, kind="stable")
    rule = f"no link may be offered more than {percent(bound)} of its capacity"
    if not len(order):
        return Finding("", excess, excess, Status.SATISFIED)
    top = int(order[0])
    most = f"{links[worst_link[top]].id} at {percent(float(highest[top]))} without {failures.items[top].id}"
    n_bad = int((excess > 0).sum())
    words = f"{rule}: {n_bad} failures lead there, worst {most}" if n_bad else f"{rule}: none is, the highest is {most}"
    blamed = tuple(dict.fromkeys(links[worst_link[row]].id for row in order[:n_bad].tolist()))[:MOST_NAMED]
    return Finding(words, excess, excess, Status.VIOLATED if n_bad else Status.SATISFIED, links=blamed)


def _connected(failures: Failures, case: Case) -> Finding:
    """Traffic that is cut off though both its ends survive, relative to all traffic."""
    traffic, loads = failures.scenario.traffic, failures.loads
    reachable_bps = traffic.rate_bps * case.routed_share
    excused = np.array([reachable_bps[failures.lost_ends(failure)].sum() for failure in failures.items])
    cut_bps = loads.unreachable_bps[1:] - loads.unreachable_bps[0] - excused
    total = float(traffic.rate_bps.sum())
    excess = np.where(cut_bps > 1e-9 * total, cut_bps / total if total else 0.0, 0.0)
    n_bad, rule = int((excess > 0).sum()), "every demand must still arrive"
    if not n_bad:
        return Finding(f"{rule}: all do", excess, excess, Status.SATISFIED)
    top = int(np.argmax(excess))
    names = _cut_off(failures.scenario, failures.items[top], case.routed_share, failures.lost_ends(failures.items[top]))
    words = f"{rule}: {n_bad} failures cut some off, worst {failures.items[top].id} with {bits_per_second(float(cut_bps[top]))}"
    return Finding(f"{words}, {names[0]} first" if names else words, excess, excess, Status.VIOLATED, demands=names)


def _cut_off(scenario: Scenario, failure: Failure, share: FloatArray, excused: BoolArray) -> tuple[str, ...]:
    lost = (share - routed_share(failure.change.apply(scenario))) * scenario.traffic.rate_bps * ~excused
    order = np.argsort(-lost, kind="stable")[:MOST_NAMED]
    return tuple(scenario.demand_ids[row] for row in order.tolist() if lost[row] > 0)


def _slos(intent: Intent, names: Sequence[str], failures: Failures, predict: Predict | None) -> Iterator[Finding]:
    """The engine is asked about every failure once, for all SLOs."""
    clauses = {name: intent.slos_named(name)[name] for name in names}
    held: dict[str, list[Held]] = {name: [] for name in names}
    for start in range(0, len(failures.items), _TOGETHER):
        part = failures.items[start : start + _TOGETHER]
        changed = [failure.change.apply(failures.scenario) for failure in part]
        answers = predict(changed) if predict is not None else [None] * len(part)
        for failure, scenario, answer in zip(part, changed, answers, strict=True):
            for name, slo in clauses.items():
                left = _surviving(rows(intent, slo.selected, scenario), failures.lost_ends(failure))
                held[name].append(hold(slo, left, Case(scenario, answer)))
    for name, slo in clauses.items():
        yield _slo_finding(asked(slo), held[name], failures)


def _surviving(selected: IntArray, lost_ends: BoolArray) -> IntArray:
    return np.asarray(selected[~lost_ends[selected]])


def _slo_finding(rule: str, held: list[Held], failures: Failures) -> Finding:
    excess, doubt = (np.array([float(getattr(each, name).sum()) for each in held]) for name in ("excess", "doubt"))
    statuses = [each.status for each in held]
    status = next((each for each in (Status.VIOLATED, Status.UNDETERMINED) if each in statuses), Status.SATISFIED)
    if status is Status.SATISFIED:
        return Finding(f"{rule}: it does", excess, doubt, status)
    responsible = [row for row, each in enumerate(statuses) if each is status]
    worst = max(responsible, key=lambda row: (excess[row], doubt[row]))
    at, ids = held[worst], failures.scenario.demand_ids
    order = np.lexsort((-at.doubt, -at.excess))
    meant = at.is_violated if status is Status.VIOLATED else at.is_undetermined
    demands = tuple(ids[at.rows[place]] for place in order if meant[place])[:MOST_NAMED]
    what = "does not" if status is Status.VIOLATED else "cannot be told"
    words = f"{rule}: {what} after {len(responsible)} failures, worst {failures.items[worst].id}, {demands[0]} first"
    return Finding(words, excess, doubt, status, demands=demands)
