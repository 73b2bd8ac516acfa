"""The last word on the best candidates: every packet is sent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from nettwin.intents.intent import Intent
from nettwin.intents.judging import judge
from nettwin.intents.preference import is_better
from nettwin.intents.slo import Metric, Slo
from nettwin.intents.verdict import ClauseVerdict, Status, Verdict
from nettwin.optimize.budget import Clock
from nettwin.optimize.twin_guided.asking import Judged
from nettwin.optimize.twin_guided.correction import Correction
from nettwin.performance import Performance
from nettwin.predict.predictor import Predictor
from nettwin.scenario import Scenario


@dataclass(frozen=True, eq=False, slots=True)
class Verified:
    """A finalist by both engines."""

    candidate: Judged
    measured: Verdict | None = None
    """By the intent as it stands; None: it was not simulated."""
    proven: Verdict | None = None
    """By a simulation as unlucky as its interval allows, with bounds that leave a margin."""
    performance: Performance | None = None
    """Measured."""

    @property
    def verdict(self) -> Verdict:
        """The prediction; what the simulation does not confirm is not claimed."""
        return self.candidate.verdict if self.proven is None else confirmed(self.candidate.verdict, self.proven)

    @property
    def combined(self) -> Verdict:
        """What both engines say of the clauses, and what the simulator says of the objectives."""
        return self.verdict if self.measured is None else replace(self.verdict, objectives=self.measured.objectives)

    @property
    def is_confirmed(self) -> bool:
        """Whether the simulation agrees with every hard clause that the prediction claims to hold."""
        return self.verdict.hard_doubt <= self.candidate.verdict.hard_doubt


@dataclass(frozen=True, eq=False, slots=True)
class Court:
    """Simulates finalists."""

    intent: Intent
    before: Scenario
    simulator: Predictor
    margin: float

    def verified(self, finalists: Sequence[Judged], clock: Clock) -> list[Verified]:
        """The finalists with their simulations, the best by both engines first; those that time forbids are left out."""
        checked: list[Verified] = []
        for finalist in finalists:
            if checked and clock.stopped_by in ("interrupt", "deadline"):
                break
            checked.append(self._verified(finalist))
        best = checked[0]
        for other in checked[1:]:
            if is_better(other.combined, best.combined, self.intent):
                best = other
        return [best, *(each for each in checked if each is not best)]

    def _verified(self, finalist: Judged) -> Verified:
        answer = self.simulator.predict(finalist.scenario)
        measured = self._judged(self.intent, finalist.scenario, answer)
        careful = Correction.by_chance(answer).of(answer)
        proven = self._judged(tightened(self.intent, self.margin), finalist.scenario, careful)
        return Verified(finalist, measured, proven, answer)

    def _judged(self, intent: Intent, scenario: Scenario, answer: Performance) -> Verdict:
        """Other scenarios than the one that is answered (after failures) are simulated too."""

        def answers(asked: Sequence[Scenario]) -> list[Performance]:
            return [answer if each is scenario else self.simulator.predict(each) for each in asked]

        return judge(intent, scenario, answers, before=self.before)


def tightened(intent: Intent, margin: float) -> Intent:
    """The intent with SLOs that are harder to meet by a share: a simulation that meets these meets the others beyond its chance."""
    return replace(intent, slos=tuple(replace(slo, bound=_tight(slo, margin)) for slo in intent.slos))


def _tight(slo: Slo, margin: float) -> float:
    return 1 - (1 - slo.bound) * (1 - margin) if slo.metric is Metric.THROUGHPUT else slo.bound * (1 - margin)


def confirmed(predicted: Verdict, measured: Verdict) -> Verdict:
    """The predicted verdict, where a clause that the simulation does not confirm is undetermined instead of satisfied."""
    return replace(predicted, clauses=tuple(_both(*pair) for pair in zip(predicted.clauses, measured.clauses, strict=True)))


def contradictions(predicted: Verdict, measured: Verdict) -> tuple[str, ...]:
    """Names of the clauses that are claimed to hold and do not by the simulation."""
    pairs = zip(predicted.clauses, measured.clauses, strict=True)
    return tuple(one.clause for one, other in pairs if one.status is Status.SATISFIED and other.status is Status.VIOLATED)


def _both(predicted: ClauseVerdict, measured: ClauseVerdict) -> ClauseVerdict:
    if predicted.status is not Status.SATISFIED or measured.status is Status.SATISFIED:
        return predicted
    words = f"{predicted.words} The packet simulation does not confirm it with a margin: {measured.words}"
    doubt = max(predicted.doubt, measured.doubt, measured.excess)
    return replace(predicted, status=Status.UNDETERMINED, doubt=doubt, words=words, demands=measured.demands, links=measured.links)


def notes_of(chosen: Verified, n_checked: int) -> Iterator[tuple[str, str]]:
    """Predicted beside simulated, for the evidence."""
    if chosen.measured is None:
        return
    yield "simulated candidates", str(n_checked)
    pairs = zip(chosen.candidate.verdict.objectives, chosen.measured.objectives, strict=True)
    for place, (predicted, measured) in enumerate(pairs):
        yield f"objectives[{place}]", f"predicted {predicted:.6g}, simulated {measured:.6g}"
    wrong = contradictions(chosen.candidate.verdict, chosen.measured)
    if wrong:
        yield "contradicted by the simulation", ", ".join(wrong)
