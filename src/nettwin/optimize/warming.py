"""Loading and compiling what a method needs, before its clock starts: the first search would spend its budget on that."""

from dataclasses import replace

from nettwin.errors import NettwinError
from nettwin.intents.intent import Intent
from nettwin.intents.objectives import EVERY_DEMAND
from nettwin.intents.path_constraints import PathConstraint
from nettwin.optimize import registry
from nettwin.optimize.budget import Budget
from nettwin.optimize.optimizer import Optimizer
from nettwin.predict.predictor import Predictor
from nettwin.scenario import Demand, Link, Node, Scenario, Topology, Traffic

_EVALUATIONS = 16


def warm_up(optimizer: Optimizer, intent: Intent, predictor: Predictor) -> None:
    """Let a method, or each that a portfolio may turn to, search in a network of four nodes for something of the same kind.

    What goes wrong there is left for the real search.
    """
    for method in _methods(optimizer, intent):
        try:
            method.optimize(_ring(), _alike(intent), predictor, Budget(evaluations=_EVALUATIONS))
        except NettwinError:
            continue


def _methods(optimizer: Optimizer, intent: Intent) -> list[Optimizer]:
    if optimizer.name != registry.DEFAULT_METHOD:
        return [optimizer]
    from nettwin.optimize.portfolio.kinds import kind_of
    from nettwin.optimize.portfolio.legs import legs_for

    names = dict.fromkeys(leg.method for leg in legs_for(kind_of(intent), intent))
    return [*map(registry.create, names), optimizer]


def _alike(intent: Intent) -> Intent:
    """The same figures, without the names."""
    objectives = tuple(replace(each, over=EVERY_DEMAND) for each in intent.objectives)
    slos = tuple(replace(each, selected=EVERY_DEMAND) for each in intent.slos)
    paths = (PathConstraint(max_hops=4),) if intent.paths else ()
    return Intent(objectives=objectives, slos=slos, paths=paths, limits=intent.limits)


def _ring() -> Scenario:
    names = [f"n{index}" for index in range(4)]
    pairs = [(names[index], names[(index + 1) % 4]) for index in range(4)]
    links = tuple(Link(f"{a}->{b}", a, b, 1e6, 1e-3, circuit=f"{one[0]}--{one[1]}") for one in pairs for a, b in (one, one[::-1]))
    topology = Topology(tuple(map(Node, names)), links)
    return Scenario(topology, Traffic.of([Demand("n0", "n1", 5e5), Demand("n3", "n1", 4e5), Demand("n2", "n0", 1e5)], topology))
