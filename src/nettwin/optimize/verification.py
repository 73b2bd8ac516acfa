"""A plan proven by an engine of another kind before it reaches the network: the ``verify`` clause of an intent."""

from dataclasses import replace
from functools import partial

from nettwin.errors import UnknownNameError
from nettwin.intents.intent import Intent
from nettwin.intents.judging import judge, within_tolerance
from nettwin.intents.verdict import Status, Verdict
from nettwin.intents.verification import Verification
from nettwin.optimize.solution import Solution
from nettwin.predict import registry
from nettwin.predict.batches import predict_all
from nettwin.predict.predictor import Predictor
from nettwin.predict.wrappers import Cached
from nettwin.scenario import Scenario


def verifier_of(verification: Verification) -> Predictor:
    """The engine that an intent wants to verify by. Raises UnknownNameError or MissingDependencyError."""
    try:
        return registry.create(verification.engine)
    except UnknownNameError as error:
        raise error.at("verify") from None


def verified(solution: Solution, scenario: Scenario, intent: Intent, predictor: Predictor) -> Solution:
    """The solution with ``evidence.verification``: what the verifying engine says of every clause, and of the prediction itself.

    Without a ``verify`` clause the solution as it is. Raises UnknownNameError, MissingDependencyError or PredictionError.
    """
    if intent.verify is None:
        return solution
    engine, after = Cached(verifier_of(intent.verify)), solution.scenario  # asked again by the judge
    predicted, measured = predictor.predict(after), engine.predict(after)
    verdict = judge(intent, after, partial(predict_all, engine), before=scenario)
    compared = within_tolerance(intent.verify, after, predicted, measured)
    verdict = Verdict(clauses=(*verdict.clauses, *compared), objectives=verdict.objectives)
    return replace(solution, evidence=replace(solution.evidence, verification=verdict))


def is_rejected(solution: Solution) -> bool:
    """Whether the verifying engine contradicts: a hard clause that the prediction does not see violated, or the prediction itself."""
    evidence = solution.evidence
    if evidence.verification is None:
        return False
    known = {clause.clause for clause in evidence.verdict.of(Status.VIOLATED)}
    return any(clause.is_hard and clause.clause not in known for clause in evidence.verification.of(Status.VIOLATED))
