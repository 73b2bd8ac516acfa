"""The last word on the best candidates: every packet is sent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from nettwin.intents.intent import Intent
from nettwin.intents.judging import judge_many
from nettwin.intents.preference import is_better
from nettwin.intents.verdict import ClauseVerdict, Status, Verdict
from nettwin.optimize.budget import Clock
from nettwin.optimize.twin_guided.asking import Judged
from nettwin.predict.batches import predict_all
from nettwin.predict.predictor import Predictor
from nettwin.scenario import Scenario


@dataclass(frozen=True, eq=False, slots=True)
class Verified:
    """A finalist by both engines. ``measured`` is None where it was not simulated."""

    candidate: Judged
    measured: Verdict | None = None

    @property
    def verdict(self) -> Verdict:
        """The prediction; what the simulation does not confirm is not claimed."""
        return self.candidate.verdict if self.measured is None else confirmed(self.candidate.verdict, self.measured)


def verified(finalists: Sequence[Judged], intent: Intent, simulator: Predictor, clock: Clock, before: Scenario) -> list[Verified]:
    """The finalists with their simulations, the one that the simulator likes best first; those that time forbids are left out.

    Beyond the first, more are simulated only where it is to be feared that they hold what the first does not: where the simulation
    contradicts a claim, or where it alone can tell close ones apart.
    """
    checked: list[Verified] = []
    for finalist in finalists:
        if checked and clock.stopped_by in ("interrupt", "deadline"):
            break
        measured = judge_many(intent, [finalist.scenario], lambda asked: predict_all(simulator, asked), before=before)[0]
        checked.append(Verified(finalist, measured))
    best = checked[:1]
    for other in checked[1:]:
        if other.measured is not None and best[0].measured is not None and is_better(other.measured, best[0].measured, intent):
            best = [other]
    return [*best, *(each for each in checked if each is not best[0])]


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
    words = f"{predicted.words} The packet simulation does not confirm it: {measured.words}"
    doubt = max(predicted.doubt, measured.doubt, measured.excess)
    return replace(predicted, status=Status.UNDETERMINED, doubt=doubt, words=words, demands=measured.demands, links=measured.links)


def notes_of(chosen: Verified, n_checked: int) -> Iterator[tuple[str, str]]:
    """Predicted beside simulated, for the evidence."""
    if chosen.measured is None:
        return
    yield "simulated finalists", str(n_checked)
    pairs = zip(chosen.candidate.verdict.objectives, chosen.measured.objectives, strict=True)
    for place, (predicted, measured) in enumerate(pairs):
        yield f"objectives[{place}]", f"predicted {predicted:.6g}, simulated {measured:.6g}"
    wrong = contradictions(chosen.candidate.verdict, chosen.measured)
    if wrong:
        yield "contradicted by the simulation", ", ".join(wrong)
