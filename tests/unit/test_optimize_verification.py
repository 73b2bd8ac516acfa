"""Plans are held against another engine, and rejected where it contradicts."""

from dataclasses import replace

import pytest

from fake_predictor import FakePredictor
from nettwin.errors import UnknownNameError
from nettwin.intents.intent import Intent
from nettwin.intents.objectives import Figure, Objective
from nettwin.intents.slo import Metric, Slo
from nettwin.intents.verdict import Status
from nettwin.intents.verification import Verification
from nettwin.optimize.budget import Budget
from nettwin.optimize.local_search import LocalSearch
from nettwin.optimize.solution import Solution
from nettwin.optimize.verification import is_rejected, verified
from nettwin.predict.predictor import Predictor
from nettwin.predict.registry import create
from nettwin.scenario import Demand, Link, Node, Scenario, Topology, Traffic

LEAST = (Objective(minimize=Figure.MAX_UTILIZATION),)


@pytest.fixture(scope="module")
def fork() -> Scenario:
    """Two equal ways from a to d; the IGP takes the upper one alone."""
    ends = [("a", "b"), ("b", "d"), ("a", "c"), ("c", "d")]
    links = tuple(Link(f"{one}->{other}", one, other, 1e6, metric=1.0 if "b" in (one, other) else 2.0) for one, other in ends)
    topology = Topology(nodes=tuple(map(Node, "abcd")), links=links)
    return Scenario(topology, Traffic.of([Demand("a", "d", rate_bps=3e5), Demand("a", "b", rate_bps=3e5)], topology), name="fork")


def solved(scenario: Scenario, intent: Intent, predictor: Predictor) -> Solution:
    return verified(LocalSearch().optimize(scenario, intent, predictor, Budget(evaluations=2000)), scenario, intent, predictor)


def test_without_the_clause_nothing_is_verified(fork: Scenario) -> None:
    solution = solved(fork, Intent(objectives=LEAST), create("queueing"))
    assert solution.evidence.verification is None
    assert not is_rejected(solution)


def test_a_prediction_that_the_simulator_confirms_is_accepted(fork: Scenario) -> None:
    slo = Slo(metric=Metric.ONE_WAY_DELAY, bound=0.5)
    solution = solved(fork, Intent(objectives=LEAST, slos=(slo,), verify=Verification()), create("queueing"))
    assert len(solution.plan) == 1
    verification = solution.evidence.verification
    assert verification is not None
    statuses = {clause.clause: clause.status for clause in verification.clauses}
    assert statuses["slos[0]"] is Status.SATISFIED
    assert statuses["verify.one-way-delay"] is Status.SATISFIED
    assert not is_rejected(solution)


def test_a_prediction_that_the_simulator_contradicts_is_rejected(fork: Scenario) -> None:
    intent = Intent(objectives=LEAST, slos=(Slo(metric=Metric.ONE_WAY_DELAY, bound=8e-3),), verify=Verification())
    hopeful = FakePredictor()  # a packet alone takes some milliseconds per link; it says one or a little more
    solution = solved(fork, intent, hopeful)
    assert solution.evidence.verification is not None
    contradicted = {clause.clause for clause in solution.evidence.verification.of(Status.VIOLATED)}
    assert "slos[0]" in contradicted
    assert "slos[0]" in {clause.clause for clause in solution.evidence.verdict.of(Status.SATISFIED)}
    assert is_rejected(solution)


def test_what_the_prediction_admits_already_is_no_contradiction(fork: Scenario) -> None:
    tight = Slo(metric=Metric.ONE_WAY_DELAY, bound=1e-6)
    solution = solved(fork, Intent(objectives=LEAST, slos=(tight,), verify=Verification()), create("queueing"))
    assert solution.evidence.verification is not None
    assert solution.evidence.verification.of(Status.VIOLATED)[0].clause == "slos[0]"
    assert not is_rejected(solution)


def test_an_engine_that_does_not_exist_is_named_with_its_place(fork: Scenario) -> None:
    intent = Intent(objectives=LEAST, verify=Verification(engine="simulatr"))
    plain = LocalSearch().optimize(fork, replace(intent, verify=None), create("queueing"), Budget(evaluations=200))
    with pytest.raises(UnknownNameError, match=r"verify: unknown engine 'simulatr'.*simulator"):
        verified(plain, fork, intent, create("queueing"))
