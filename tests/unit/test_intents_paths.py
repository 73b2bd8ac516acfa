"""Where traffic may go, and which demands a selector means: a square with a diagonal."""

import pytest

from nettwin.errors import ScenarioError, UnknownNameError
from nettwin.intents.intent import Intent
from nettwin.intents.judging import judge
from nettwin.intents.path_constraints import Avoid, Disjointness, PathConstraint
from nettwin.intents.selecting import rows, selected
from nettwin.intents.selectors import Selector
from nettwin.intents.verdict import ClauseVerdict, Status
from nettwin.scenario import (
    AdjacencySegment,
    Demand,
    Link,
    Node,
    NodeSegment,
    RoutingPolicy,
    Scenario,
    SegmentList,
    Topology,
    Traffic,
)

ENDS = (("A", "B"), ("B", "C"), ("C", "D"), ("D", "A"), ("A", "C"))


def square(**lists: tuple[SegmentList, ...]) -> Scenario:
    """A-B-C-D-A and the diagonal A-C, which is long; demands gold, gold2, back and across."""
    nodes = tuple(Node(name, tags=("core",) if name in "AC" else ()) for name in "ABCD")
    links = tuple(
        Link(
            f"{x}->{y}",
            x,
            y,
            1e9,
            5e-3 if {x, y} == {"A", "C"} else 1e-3,
            circuit=f"{p}--{q}",
            tags=("sea",) if {x, y} == {"A", "C"} else (),
        )
        for p, q in ENDS
        for x, y in ((p, q), (q, p))
    )
    topology = Topology(nodes, links)
    demands = [
        Demand("A", "C", 4e8, 0, id="gold"),
        Demand("A", "C", 1e8, 1, id="gold2"),
        Demand("C", "A", 2e8, 1, id="back"),
        Demand("B", "D", 1e8, 2, id="across"),
    ]
    return Scenario(topology, Traffic.of(demands, topology), RoutingPolicy(segment_lists=lists))


OVER_B, OVER_D = (SegmentList((NodeSegment("B"),)),), (SegmentList((NodeSegment("D"),)),)
BOTH = (*OVER_B, *OVER_D)


def one(constraint: PathConstraint, scenario: Scenario, **select: Selector) -> ClauseVerdict:
    (clause,) = judge(Intent(select=select, paths=(constraint,)), scenario).clauses
    return clause


GOLD = {"gold": Selector(demand="gold")}


@pytest.mark.parametrize(
    ("constraint", "broken_share"),
    [
        (PathConstraint(selected="gold", via=(("B",),)), 0.5),
        (PathConstraint(selected="gold", via=(("B", "D"),)), 0.0),
        (PathConstraint(selected="gold", via=(("A",), ("C",)), is_ordered=True), 0.0),
        (PathConstraint(selected="gold", via=(("C",), ("A",)), is_ordered=True), 1.0),
        (PathConstraint(selected="gold", via=(("C",), ("A",))), 0.0),
        (PathConstraint(selected="gold", via=(("B", "D"), ("B", "D")), is_ordered=True), 0.0),
        (PathConstraint(selected="gold", avoid=Avoid(nodes=("B",))), 0.5),
        (PathConstraint(selected="gold", avoid=Avoid(nodes=("A", "C"))), 0.0),
        (PathConstraint(selected="gold", avoid=Avoid(links=("C--D",))), 0.5),
        (PathConstraint(selected="gold", avoid=Avoid(links=("B->*",))), 0.5),
        (PathConstraint(selected="gold", avoid=Avoid(tags=("sea",))), 0.0),
        (PathConstraint(selected="gold", avoid=Avoid(tags=("nowhere",))), 0.0),
        (PathConstraint(selected="gold", max_hops=1), 1.0),
        (PathConstraint(selected="gold", max_hops=2), 0.0),
        (PathConstraint(selected="gold", max_stretch=1.0), 0.0),
    ],
)
def test_rules_are_held_against_every_path(constraint: PathConstraint, broken_share: float) -> None:
    clause = one(constraint, square(gold=BOTH), **GOLD)
    assert clause.excess == pytest.approx(broken_share)
    assert clause.status is (Status.VIOLATED if broken_share else Status.SATISFIED)
    assert clause.demands == (("gold",) if broken_share else ())


def test_stretch_is_relative_to_the_shortest_possible() -> None:
    clause = one(PathConstraint(max_stretch=2.0), square())  # A-C is one hop of 5 ms where two of 1 ms each would do
    assert clause.status is Status.VIOLATED
    assert clause.demands == ("gold", "gold2", "back")
    assert clause.excess == pytest.approx(3 * 0.25)
    assert "2.50 times as long" in clause.words
    assert one(PathConstraint(max_stretch=2.5), square()).status is Status.SATISFIED


def test_the_words_say_what_the_path_does() -> None:
    sea = one(PathConstraint(selected="gold", avoid=Avoid(tags=("sea",)), max_hops=1), square(), **GOLD)
    assert sea.words == (
        "paths of gold must avoid what is tagged sea and have at most 1 hops: the only demand does not, worst gold (over A->C)"
    )
    assert sea.links == ("A->C",)
    via = one(PathConstraint(via=(("B", "D"),)), square())
    assert via.words == "paths of every demand must pass B or D: 3 of 4 demands do not, worst gold (over A - C)"


@pytest.mark.parametrize(
    ("kind", "scenario", "is_kept"),
    [
        (Disjointness.LINK, square(), False),
        (Disjointness.LINK, square(gold2=OVER_B), True),
        (Disjointness.NODE, square(gold2=OVER_B), True),
        (Disjointness.NODE, square(gold=OVER_B, gold2=OVER_B), False),
        (Disjointness.LINK, square(gold=BOTH, gold2=OVER_B), False),
        (Disjointness.RISK_GROUP, square(gold=OVER_D, gold2=OVER_B), True),
    ],
)
def test_disjointness_between_the_same_ends(kind: Disjointness, scenario: Scenario, is_kept: bool) -> None:
    clause = one(PathConstraint(disjoint=kind), scenario)
    assert clause.status is (Status.SATISFIED if is_kept else Status.VIOLATED)
    assert ("it meets gold2" in clause.words) is not is_kept


def test_disjointness_from_others_counts_both_directions() -> None:
    select = {"gold": Selector(demand="gold"), "back": Selector(demand="back")}
    constraint = PathConstraint(selected="gold", disjoint=Disjointness.LINK, disjoint_from="back")
    assert one(constraint, square(), **select).links == ("A->C",)
    assert one(constraint, square(back=OVER_B), **select).status is Status.SATISFIED


def test_a_shared_risk_group_counts() -> None:
    from dataclasses import replace

    plain = square(gold=OVER_D, gold2=OVER_B)
    links = tuple(replace(link, risk_groups=("duct",)) if link.circuit in ("A--B", "C--D") else link for link in plain.topology.links)
    ducts = replace(plain, topology=replace(plain.topology, links=links))
    clause = one(PathConstraint(disjoint=Disjointness.RISK_GROUP), ducts)
    assert (clause.status, clause.links) == (Status.VIOLATED, ("D->C",))
    assert one(PathConstraint(disjoint=Disjointness.LINK), ducts).status is Status.SATISFIED


def test_too_many_paths_to_look_at_leave_it_open() -> None:
    stages = 8
    nodes = tuple(Node(f"n{i}") for i in range(stages + 1))
    links = tuple(Link(f"l{i}{way}", f"n{i}", f"n{i + 1}", 1e9) for i in range(stages) for way in "abc")  # 6,561 paths
    topology = Topology(nodes, links)
    scenario = Scenario(topology, Traffic.of([Demand("n0", f"n{stages}", 1e6)], topology))
    clause = one(PathConstraint(max_hops=stages), scenario)
    assert clause.status is Status.UNDETERMINED
    assert clause.doubt > 0
    assert one(PathConstraint(max_hops=stages - 1), scenario).status is Status.VIOLATED


def test_an_adjacency_segment_is_part_of_the_path() -> None:
    scenario = square(across=(SegmentList((AdjacencySegment("A->C"),)),))
    clause = one(PathConstraint(selected="x", avoid=Avoid(links=("A->C",))), scenario, x=Selector(demand="across"))
    assert clause.status is Status.VIOLATED


@pytest.mark.parametrize(
    ("selector", "ids"),
    [
        (Selector(), ["gold", "gold2", "back", "across"]),
        (Selector(demand="gold*"), ["gold", "gold2"]),
        (Selector(source="[AB]"), ["gold", "gold2", "across"]),
        (Selector(source="A", traffic_class=1), ["gold2"]),
        (Selector(target="A"), ["back"]),
        (Selector(source_tag="core", target_tag="core"), ["gold", "gold2", "back"]),
        (Selector(top=2), ["gold", "back"]),
        (Selector(top=3), ["gold", "gold2", "back"]),  # gold2 and across are equal: the first
        (Selector(top=1, traffic_class=1), ["back"]),
        (Selector(traffic_class=7), []),
    ],
)
def test_selectors_select(selector: Selector, ids: list[str]) -> None:
    scenario = square()
    intent = Intent(select={"these": selector})
    assert [scenario.demand_ids[row] for row in rows(intent, "these", scenario)] == ids


@pytest.mark.parametrize("selector", [Selector(source="E"), Selector(demand="silver*"), Selector(target_tag="cor"), Selector(target="E*")])
def test_a_selector_that_names_nothing_is_a_mistake(selector: Selector) -> None:
    with pytest.raises(UnknownNameError):
        selected(selector, square())


def test_every_demand_needs_no_selector_and_others_do() -> None:
    assert len(rows(Intent(), "*", square())) == 4
    with pytest.raises(UnknownNameError, match="did you mean gold"):
        rows(Intent(select=GOLD), "golden", square())


@pytest.mark.parametrize(
    "build",
    [
        PathConstraint,
        lambda: PathConstraint(max_hops=0),
        lambda: PathConstraint(max_stretch=0.9),
        lambda: PathConstraint(via=((),)),
        lambda: PathConstraint(max_hops=3, disjoint_from="x"),
        lambda: Selector(top=0),
        lambda: Selector(traffic_class=-1),
    ],
)
def test_values_check_themselves(build) -> None:
    with pytest.raises(ScenarioError):
        build()
