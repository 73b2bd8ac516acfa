"""Which demands of a scenario a selector means."""

from weakref import WeakKeyDictionary

import numpy as np

from nettwin.changes.selection import demands_named, nodes_named
from nettwin.errors import UnknownNameError
from nettwin.intents.intent import Intent
from nettwin.intents.objectives import EVERY_DEMAND
from nettwin.intents.selectors import Selector
from nettwin.scenario import Node, Scenario, Topology, Traffic
from nettwin.scenario.arrays import BoolArray, IntArray, frozen

# What-ifs share their traffic and nodes; patterns over tens of thousands of demands cost more than all else.
_remembered: "WeakKeyDictionary[Traffic, tuple[tuple[Node, ...], dict[Selector, IntArray]]]" = WeakKeyDictionary()


def rows(intent: Intent, name: str, scenario: Scenario) -> IntArray:
    """Indices of the demands that the selector ``name`` selects, ascending; possibly none.

    Raises UnknownNameError for a selector that the intent does not define, and for a node, demand or tag that is not there.
    """
    selector = selector_named(intent, name)
    try:
        return selected(selector, scenario)
    except UnknownNameError as error:
        raise error.at(f"selector {name!r}") from None


def selector_named(intent: Intent, name: str) -> Selector:
    """The selector of an intent; ``*`` is every demand. Raises UnknownNameError."""
    if name in intent.select:
        return intent.select[name]
    if name == EVERY_DEMAND:
        return Selector()
    raise UnknownNameError.among("selector", name, [EVERY_DEMAND, *intent.select])


def selected(selector: Selector, scenario: Scenario) -> IntArray:
    """Indices of the demands that meet all conditions, ascending. Raises UnknownNameError."""
    nodes, known = _remembered.get(scenario.traffic, (None, {}))
    if nodes is not scenario.topology.nodes:
        known = {}
        _remembered[scenario.traffic] = (scenario.topology.nodes, known)
    if selector not in known:
        known[selector] = frozen(_select(selector, scenario))
    return known[selector]


def _select(selector: Selector, scenario: Scenario) -> IntArray:
    traffic, topology = scenario.traffic, scenario.topology
    chosen = np.ones(traffic.n_demands, dtype=np.bool_)
    if selector.demand != "*":
        chosen[:] = False
        chosen[demands_named(scenario, selector.demand)] = True
    ends = ((selector.source, selector.source_tag, traffic.source), (selector.target, selector.target_tag, traffic.target))
    for pattern, tag, column in ends:
        chosen &= _nodes(topology, pattern, tag)[column]
    if selector.traffic_class is not None:
        chosen &= traffic.traffic_class == selector.traffic_class
    return _largest(np.flatnonzero(chosen), selector.top, scenario)


def _nodes(topology: Topology, pattern: str, tag: str) -> BoolArray:  # [node]
    chosen = np.ones(topology.n_nodes, dtype=np.bool_)
    if pattern != "*":
        chosen[:] = False
        chosen[nodes_named(topology, pattern)] = True
    if tag:
        chosen &= tagged_nodes(topology, tag)
    return chosen


def tagged_nodes(topology: Topology, tag: str) -> BoolArray:  # [node]
    """Which nodes have a tag. Raises UnknownNameError where none has it."""
    has = np.array([tag in node.tags for node in topology.nodes], dtype=np.bool_)
    if not has.any():
        raise UnknownNameError.among("tag of a node", tag, sorted({each for node in topology.nodes for each in node.tags}))
    return has


def _largest(rows: IntArray, top: int | None, scenario: Scenario) -> IntArray:
    """Of several demands with equal rates, the first ones."""
    if top is None or len(rows) <= top:
        return rows
    order = np.argsort(-scenario.traffic.rate_bps[rows], kind="stable")
    return np.sort(rows[order[:top]])
