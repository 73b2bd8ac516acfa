"""Masks of detours against the paths that the control plane spells out."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from nettwin.changes import Plan
from nettwin.controlplane import route
from nettwin.controlplane.forwarding import forwarding_of
from nettwin.errors import UnknownNameError
from nettwin.intents.intent import Intent
from nettwin.intents.limits import Limits
from nettwin.intents.path_constraints import Avoid, PathConstraint
from nettwin.intents.selectors import Selector
from nettwin.optimize.steering.admissible import Admissible
from nettwin.optimize.steering.detours import Detour, changes_to
from nettwin.optimize.steering.required import required_detours
from nettwin.optimize.steering.segment_vectors import SegmentVectors
from nettwin.scenario import Demand, Link, Node, Scenario, Topology, Traffic

NAMES = "ABCDEF"


def random_scenario(seed: int, n_nodes: int = 5, n_circuits: int = 7) -> Scenario:
    """A ring with chords, metrics with many ties, some links tagged or down, demands between all nodes."""
    rng = np.random.default_rng(seed)
    ring = [(i, (i + 1) % n_nodes) for i in range(n_nodes)]
    chords = [pair for pair in product(range(n_nodes), repeat=2) if pair[0] < pair[1] and pair not in ring and pair[::-1] not in ring]
    pairs = ring + [chords[i] for i in rng.permutation(len(chords))[: n_circuits - n_nodes]]
    links = [
        Link(f"{NAMES[a]}{NAMES[b]}", NAMES[a], NAMES[b], 1e9, float(rng.uniform(1e-3, 9e-3)), float(rng.integers(1, 3)),
             tags=("sea",) if rng.random() < 0.2 else (), is_up=rng.random() < 0.95)
        for a, b in [*pairs, *((b, a) for a, b in pairs)]
    ]  # fmt: skip
    topology = Topology(tuple(Node(NAMES[i]) for i in range(n_nodes)), tuple(links))
    demands = [Demand(NAMES[a], NAMES[b], 1e6) for a, b in product(range(n_nodes), repeat=2) if a != b]
    return Scenario(topology, Traffic.of(demands, topology))


def of(scenario: Scenario, *paths: PathConstraint, limits: Limits = Limits(), **select: Selector) -> Admissible:
    intent = Intent(paths=paths, limits=limits, select=select)
    return Admissible.of(scenario, intent, SegmentVectors.of(forwarding_of(scenario)))


def paths_of(scenario: Scenario, row: int, detour: Detour) -> list[list[int]]:
    """Links of each path, as the control plane spells them out after the change."""
    after = Plan(changes_to(scenario, {row: ((detour, 1.0),)})).apply(scenario)
    return [[int(link) for link in path] for _, path in route(after).paths_of(row)]


def keeps(scenario: Scenario, row: int, path: list[int], constraint: PathConstraint, fastest: float) -> bool:
    """The meaning of a constraint, path by path, without any cleverness."""
    links = [scenario.topology.links[link] for link in path]
    nodes = [links[0].source, *(link.target for link in links)]
    if any(link.id in constraint.avoid.links or set(link.tags) & set(constraint.avoid.tags) for link in links):
        return False
    if any(node in constraint.avoid.nodes for node in set(nodes) - {nodes[0], nodes[-1]}):
        return False
    length = sum(link.propagation_delay_s for link in links)
    if len(path) > (constraint.max_hops or 99) or length > (constraint.max_stretch or 99) * fastest * (1 + 1e-9):
        return False
    return passes(nodes, constraint)


def passes(nodes: list[str], constraint: PathConstraint) -> bool:
    if not constraint.is_ordered:
        return all(any(node in stop for node in nodes) for stop in constraint.via)
    left = list(constraint.via)
    for node in nodes:
        while left and node in left[0]:
            left.pop(0)
    return not left


def is_steered(scenario: Scenario, row: int, detour: Detour) -> bool:
    """Whether the head end can resolve the detour: otherwise the control plane falls back to the forwarding."""
    vectors, topology, here = SegmentVectors.of(forwarding_of(scenario)), scenario.topology, int(scenario.traffic.source[row])
    for leg in (*detour, int(scenario.traffic.target[row])):
        end = int(topology.link_source[~leg]) if leg < 0 else leg
        if not vectors.is_reachable[here, end] or (leg < 0 and not topology.link_is_up[~leg]):
            return False
        here = int(topology.link_target[~leg]) if leg < 0 else leg
    return True


CONSTRAINTS = (
    PathConstraint(avoid=Avoid(nodes=("B",))),
    PathConstraint(avoid=Avoid(links=("AB",), tags=("sea",))),
    PathConstraint(via=(("C",),)),
    PathConstraint(via=(("C", "D"), ("B",))),
    PathConstraint(via=(("C", "D"), ("B",)), is_ordered=True),
    PathConstraint(max_hops=3),
    PathConstraint(max_stretch=1.4),
    PathConstraint(via=(("E",),), avoid=Avoid(nodes=("A",)), max_hops=4),
)


@pytest.mark.parametrize("constraint", CONSTRAINTS, ids=range(len(CONSTRAINTS)))
@pytest.mark.parametrize("seed", range(3))
def test_masks_are_what_the_paths_say(constraint: PathConstraint, seed: int) -> None:
    scenario = random_scenario(seed)
    admissible = of(scenario, constraint)
    fastest = admissible.lengths.possible_delay_s
    masks = admissible.masks
    for row in range(0, scenario.traffic.n_demands, 3):
        ends = scenario.traffic.source[row], scenario.traffic.target[row]
        detours: list[Detour] = [
            (),
            *((node,) for node in range(5)),
            *((~link,) for link in range(scenario.topology.n_links)),
            (2, 1),
            (2, ~1),
        ]
        expected = [
            is_steered(scenario, row, detour)
            and all(keeps(scenario, row, path, constraint, fastest[ends]) for path in paths_of(scenario, row, detour))
            for detour in detours
        ]
        got = [admissible.allows(row, detour) for detour in detours]
        assert got == expected
        assert [admissible.direct[row], *admissible.by_node(row), *admissible.by_link(row)] == expected[:-2]
        place = masks.place[row]
        assert [masks.direct[place], *masks.node[place], *masks.link[place]] == expected[:-2]


def test_without_constraints_only_what_is_down_is_forbidden() -> None:
    scenario = random_scenario(3)
    admissible = of(scenario)
    reachable = SegmentVectors.of(forwarding_of(scenario)).is_reachable
    assert admissible.is_free
    assert (admissible.masks.place == -1).all()
    assert (admissible.by_node(0) == reachable[0] & reachable[:, 1]).all()


def test_constraints_concern_the_selected_demands_alone_and_add_up() -> None:
    scenario = random_scenario(0)
    admissible = of(
        scenario,
        PathConstraint(selected="from_a", avoid=Avoid(nodes=("C",))),
        PathConstraint(selected="to_b", max_hops=2),
        from_a=Selector(source="A"),
        to_b=Selector(target="B"),
    )
    traffic = scenario.traffic
    assert admissible.constrained.tolist() == np.flatnonzero((traffic.source == 0) | (traffic.target == 1)).tolist()
    only_avoid = of(scenario, PathConstraint(avoid=Avoid(nodes=("C",))))
    only_hops = of(scenario, PathConstraint(max_hops=2))
    both = int(np.flatnonzero((traffic.source == 0) & (traffic.target == 1))[0])
    assert (admissible.by_node(both) == only_avoid.by_node(both) & only_hops.by_node(both)).all()


def test_limits_on_segments() -> None:
    scenario = random_scenario(0)
    admissible = of(scenario, limits=Limits(max_segments=1))
    assert admissible.allows(0, (2,))
    assert not admissible.allows(0, (2, 3))
    assert not of(scenario, limits=Limits(max_segments=0)).by_node(0).any()


def test_names_that_nothing_answers_to() -> None:
    with pytest.raises(UnknownNameError, match="'Z'"):
        of(random_scenario(0), PathConstraint(via=(("Z",),)))


@pytest.mark.parametrize("is_ordered", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_required_detours_are_found_where_there_are_any(seed: int, is_ordered: bool) -> None:
    scenario = random_scenario(seed, n_nodes=6, n_circuits=8)
    constraint = PathConstraint(via=(("C",), ("F", "E"), ("B",)), is_ordered=is_ordered, avoid=Avoid(links=("AB",)))
    admissible = of(scenario, constraint)
    places = [*range(6), *(~link for link in range(scenario.topology.n_links))]
    for row in range(0, scenario.traffic.n_demands, 7):
        found = required_detours(admissible, row, at_most=4)
        assert all(admissible.allows(row, detour) for detour in found)
        assert bool(found) == any(admissible.allows(row, detour) for n in range(4) for detour in product(places, repeat=n))
        delays = [longest_delay_s(admissible, row, detour) for detour in found]
        assert delays == sorted(delays)


def longest_delay_s(admissible: Admissible, row: int, detour: Detour) -> float:
    return max(
        sum(admissible.scenario.topology.links[link].propagation_delay_s for link in path)
        for path in paths_of(admissible.scenario, row, detour)
    )


def test_required_detours_keep_to_the_limit() -> None:
    scenario = random_scenario(1, n_nodes=6, n_circuits=8)
    admissible = of(scenario, PathConstraint(via=(("C",), ("E",), ("B",)), is_ordered=True))
    limited = replace(admissible, max_segments=1)
    assert all(len(detour) <= 1 for row in range(9) for detour in required_detours(limited, row))
    assert any(len(detour) > 1 for row in range(9) for detour in required_detours(admissible, row))
