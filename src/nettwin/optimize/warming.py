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

_EVALUATIONS = {"twin-guided": 16, "reinforcement": 16}
"""Of methods that ask a predictor or a policy for each."""
_MANY_EVALUATIONS = 2000
_N_NODES = 6


def warm_up(optimizer: Optimizer, intent: Intent, predictor: Predictor) -> None:
    """Let a method, or each that a portfolio may turn to, search in a network of six nodes for something of the same kind.

    What goes wrong there is left for the real search.
    """
    for method in _methods(optimizer, intent):
        try:
            method.optimize(_ring(), _alike(intent), predictor, Budget(evaluations=_EVALUATIONS.get(method.name, _MANY_EVALUATIONS)))
        except NettwinError:
            continue


def _methods(optimizer: Optimizer, intent: Intent) -> list[Optimizer]:
    if optimizer.name != registry.DEFAULT_METHOD:
        return [optimizer]
    from nettwin.optimize.portfolio.kinds import kind_of
    from nettwin.optimize.portfolio.legs import legs_for

    names = dict.fromkeys(leg.method for leg in legs_for(kind_of(intent), intent))
    return [*map(registry.create, names), *([] if "twin-guided" in names else [optimizer])]


def _alike(intent: Intent) -> Intent:
    """The same figures, without the names."""
    objectives = tuple(replace(each, over=EVERY_DEMAND) for each in intent.objectives)
    slos = tuple(replace(each, selected=EVERY_DEMAND) for each in intent.slos)
    paths = (PathConstraint(max_hops=4),) if intent.paths else ()
    limits = intent.limits if intent.limits.max_changes is None else replace(intent.limits, max_changes=1)
    return Intent(objectives=objectives, slos=slos, paths=paths, limits=limits)


def _ring() -> Scenario:
    """Unevenly loaded, so that a search has something to do."""
    names = [f"n{index}" for index in range(_N_NODES)]
    pairs = [(names[index], names[(index + 1) % _N_NODES]) for index in range(_N_NODES)]
    links = tuple(Link(f"{a}->{b}", a, b, 1e6, 1e-3, circuit=f"{one[0]}--{one[1]}") for one in pairs for a, b in (one, one[::-1]))
    topology = Topology(tuple(map(Node, names)), links)
    ends = [(i, j) for i in range(_N_NODES) for j in range(_N_NODES) if i != j]
    demands = [Demand(names[i], names[j], 1e4 * (1 + (3 * i + 5 * j) % 7)) for i, j in ends]
    return Scenario(topology, Traffic.of(demands, topology))
