"""Conflicts against the enumeration of all walks on small networks."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import combinations, product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettwin.changes import FailLink, FailNode
from nettwin.intents.intent import Intent
from nettwin.intents.limits import Knob, Limits
from nettwin.intents.path_constraints import Avoid, Disjointness, PathConstraint
from nettwin.intents.selectors import Selector
from nettwin.intents.slo import Metric, Slo, Soft
from nettwin.intents.survival import FailureKind, Survive
from nettwin.optimize.budget import Budget, Clock
from nettwin.optimize.conflicts import Conflict, conflicting_clauses
from nettwin.scenario import Demand, Link, Node, Scenario, Topology, Traffic


def network(*circuits: str, demands: Sequence[tuple[str, float]], capacity: float = 10.0, groups: str = "") -> Scenario:
    """Circuits as ``AB`` or ``AB3`` (metric and delay in ms); those named in ``groups`` share a duct."""
    links = [
        Link(f"{a}{b}", a, b, capacity, 1e-3 * float(text[2:] or 1), float(text[2:] or 1), circuit=text[:2],
             risk_groups=("duct",) if text[:2] in groups.split() else ())
        for text in circuits
        for a, b in ((text[0], text[1]), (text[1], text[0]))
    ]  # fmt: skip
    names = sorted({end for text in circuits for end in text[:2]})
    topology = Topology(tuple(map(Node, names)), tuple(links))
    return Scenario(topology, Traffic.of([Demand(e[0], e[1], rate, id=f"{e}{i}") for i, (e, rate) in enumerate(demands)], topology))


def conflict(scenario: Scenario, intent: Intent) -> Conflict | None:
    return conflicting_clauses(scenario, intent, Clock(Budget()))


DIAMOND = ("AB", "BD", "AC2", "CD2")


def test_a_waypoint_behind_what_is_avoided() -> None:
    scenario = network("AB", "BF", "AC", "CD", "BD", demands=[("AD", 1.0), ("AC", 1.0)])
    intent = Intent(
        select={"gold": Selector(target="D")},
        paths=(PathConstraint(selected="gold", via=(("F",),)), PathConstraint(selected="gold", avoid=Avoid(nodes=("B",)))),
    )
    found = conflict(scenario, intent)
    assert found is not None
    assert found.clauses == ("paths[0]", "paths[1]")
    assert found.words == (
        "paths[0] (gold via F) and paths[1] (gold avoids B) cannot both hold for AD0: every way from A to D that keeps to paths[0] passes B"
    )
    assert conflict(scenario, replace(intent, paths=(intent.paths[0], PathConstraint(avoid=Avoid(nodes=("C",)))))) is None


def test_a_bound_below_the_propagation_delay() -> None:
    scenario = network(*DIAMOND, demands=[("AD", 1.0)])
    slo = Slo(metric=Metric.ONE_WAY_DELAY, bound=3e-3, statistic="p99", name="quick")
    around = PathConstraint(avoid=Avoid(links=("AB",)))
    assert conflict(scenario, Intent(slos=(slo,))) is None
    found = conflict(scenario, Intent(slos=(slo,), paths=(PathConstraint(max_hops=9), around)))
    assert found is not None
    assert found.clauses == ("paths[1]", "quick")
    assert "takes 4 ms of propagation alone, quick allows 3 ms" in found.words
    assert conflict(scenario, Intent(slos=(replace(slo, soft=Soft()),), paths=(around,))) is None
    alone = conflict(scenario, Intent(slos=(replace(slo, bound=1e-3),), paths=(around,)))
    assert alone is not None
    assert alone.clauses == ("quick",)


def test_a_waypoint_that_is_down() -> None:
    scenario = FailNode("C").apply(network(*DIAMOND, demands=[("AD", 1.0)]))
    found = conflict(scenario, Intent(paths=(PathConstraint(via=(("C",),), name="check"),)))
    assert found is not None
    assert found == Conflict(("check",), "check (everything via C) cannot hold for AD0: C is down")


def test_too_few_hops() -> None:
    scenario = network("AB", "BC", "CD", "AD9", demands=[("AD", 1.0)])
    intent = Intent(paths=(PathConstraint(max_hops=2), PathConstraint(max_stretch=1.0)))
    found = conflict(scenario, intent)
    assert found is not None
    assert found.clauses == ("paths[0]", "paths[1]")


def test_no_two_ways_apart() -> None:
    twice = [("AD", 1.0), ("AD", 1.0)]
    apart = Intent(paths=(PathConstraint(max_hops=4), PathConstraint(disjoint=Disjointness.RISK_GROUP)))
    assert conflict(network(*DIAMOND, demands=twice), apart) is None
    found = conflict(network(*DIAMOND, demands=twice, groups="AB AC"), apart)
    assert found is not None
    assert found.clauses == ("paths[1]",)
    assert found.words.endswith("the network has no such ways for AD0 and AD1")
    short = Intent(paths=(PathConstraint(max_stretch=1.5), PathConstraint(disjoint=Disjointness.LINK)))
    both = conflict(network(*DIAMOND, demands=twice), short)
    assert both is not None
    assert both.clauses == ("paths[0]", "paths[1]")
    assert conflict(network(*DIAMOND, demands=[*twice, ("AD", 1.0)]), Intent(paths=short.paths[1:])) is not None


def test_more_traffic_than_any_routing_carries() -> None:
    scenario = network(*DIAMOND, demands=[("AD", 12.0)])
    assert conflict(scenario, Intent(limits=Limits(max_utilization=0.6))) is None
    found = conflict(scenario, Intent(limits=Limits(max_utilization=0.59)))
    assert found is not None
    assert found.clauses == ("limits.max_utilization",)
    assert "no routing at all gets below 60.0 %" in found.words
    narrow = Intent(limits=Limits(max_utilization=0.6), paths=(PathConstraint(max_hops=5), PathConstraint(avoid=Avoid(nodes=("C",)))))
    together = conflict(scenario, narrow)
    assert together is not None
    assert together.clauses == ("limits.max_utilization", "paths[1]")
    buys = replace(narrow.limits, knobs=(Knob.SEGMENT_POLICY, Knob.CAPACITY))
    assert conflict(scenario, replace(narrow, limits=buys)) is None


def test_more_changes_than_allowed() -> None:
    scenario = network(*DIAMOND, demands=[("AD", 4.0), ("AD", 3.0), ("AD", 2.0)])
    around = Intent(paths=(PathConstraint(avoid=Avoid(nodes=("B",))),), limits=Limits(max_changes=2))
    found = conflict(scenario, around)
    assert found is not None
    assert found.clauses == ("limits.max_changes", "paths[0]")
    assert "3 demands break them now" in found.words
    assert conflict(scenario, replace(around, limits=Limits(max_changes=3))) is None
    spread = conflict(scenario, Intent(limits=Limits(max_changes=0, max_utilization=0.8)))
    assert spread is not None
    assert spread.clauses == ("limits.max_changes", "limits.max_utilization")
    assert conflict(scenario, Intent(limits=Limits(max_changes=1, max_utilization=0.8))) is None


def test_what_a_failure_leaves() -> None:
    scenario = network(*DIAMOND, "DE", demands=[("AD", 12.0), ("AE", 1.0)])
    found = conflict(scenario, Intent(survive=(Survive(max_utilization=None),)))
    assert found == Conflict(("survive[0]",), "survive[0] cannot hold: without DE there is no way for AE1")
    loaded = conflict(scenario, Intent(survive=(Survive(max_utilization=1.0, connected=False, only=("AB",)),)))
    assert loaded is not None
    assert "without AB no routing at all gets below 130.0 %" in loaded.words
    assert conflict(scenario, Intent(survive=(Survive(single=FailureKind.NODE, max_utilization=None, only=("B",)),))) is None


def test_demands_without_a_way_or_traffic_are_asked_nothing() -> None:
    scenario = FailLink("AB").apply(network("AB", "CD", demands=[("AB", 1.0), ("CD", 0.0)]))
    intent = Intent(paths=(PathConstraint(via=(("D",),)), PathConstraint(avoid=Avoid(links=("CD",)))))
    assert conflict(scenario, intent) is None


HOPS = (5, 10)
"""Longest walks that are tried, at first and at most. Four nodes with four circuits or more are never more than two hops apart, and
the rules drawn here have four waypoints at most: ten hops are enough."""


@cache
def walks(scenario: Scenario, row: int, most_hops: int = HOPS[0]) -> list[tuple[str, ...]]:
    links = scenario.topology.links
    source, target = (scenario.topology.nodes[int(end[row])].id for end in (scenario.traffic.source, scenario.traffic.target))
    unfinished: list[tuple[str, tuple[str, ...]]] = [(source, ())]
    found = []
    while unfinished:
        here, walk = unfinished.pop()
        if here == target and walk:
            found.append(walk)
        if len(walk) < most_hops:
            unfinished += [(link.target, (*walk, link.id)) for link in links if link.source == here and link.is_up]
    return found


def can_hold(scenario: Scenario, intent: Intent) -> bool:
    """Whether explicit paths satisfy every clause, by trying all (of two demands together)."""
    return any(_can_hold(scenario, intent, most_hops) for most_hops in HOPS)


def _can_hold(scenario: Scenario, intent: Intent, most_hops: int) -> bool:
    rows = range(scenario.traffic.n_demands)
    kept = [[walk for walk in walks(scenario, row, most_hops) if keeps(scenario, intent, walk)] for row in rows]
    apart = [each.disjoint for each in intent.paths if each.disjoint is not None]
    if not apart:
        return all(kept)
    used = [{frozenset(things(scenario, walk, apart)) for walk in each} for each in kept]
    return any(mine.isdisjoint(other) for mine, other in product(*used))


def keeps(scenario: Scenario, intent: Intent, walk: tuple[str, ...]) -> bool:
    links = [scenario.topology.link(name) for name in walk]
    nodes = [links[0].source, *(link.target for link in links)]
    length = sum(link.propagation_delay_s for link in links)
    fastest = fastest_s(scenario)
    for rule in intent.paths:
        left = [names for names in rule.via if not (not rule.is_ordered and set(names) & set(nodes))]
        for node in nodes:
            while left and node in left[0]:
                left.pop(0)
        if left or set(nodes) & set(rule.avoid.nodes) - {nodes[0], nodes[-1]} or len(links) > (rule.max_hops or 99):
            return False
        if length > (rule.max_stretch or 99) * fastest * (1 + 1e-9):
            return False
    return all(length <= slo.bound * (1 + 1e-9) for slo in intent.slos)


@cache
def fastest_s(scenario: Scenario) -> float:
    return min(sum(scenario.topology.link(name).propagation_delay_s for name in walk) for walk in walks(scenario, 0))


def things(scenario: Scenario, walk: tuple[str, ...], kinds: list[Disjointness]) -> Iterator[str]:
    links = [scenario.topology.link(name) for name in walk]
    ends = {links[0].source, links[-1].target}
    for link in links:
        yield f"circuit {link.circuit}"
        if Disjointness.RISK_GROUP in kinds:
            yield from link.risk_groups
        if Disjointness.NODE in kinds:
            yield from {link.source, link.target} - ends


names = st.sampled_from("ABCD")
constraints = st.one_of(
    st.builds(lambda node: PathConstraint(via=((node,),)), names),
    st.builds(lambda a, b: PathConstraint(via=((a,), (b,)), is_ordered=True), names, names),
    st.builds(lambda node: PathConstraint(avoid=Avoid(nodes=(node,))), names),
    st.builds(lambda hops: PathConstraint(max_hops=hops), st.integers(1, 3)),
    st.builds(lambda stretch: PathConstraint(max_stretch=stretch), st.sampled_from((1.0, 1.5, 2.0))),
)
disjoint = st.builds(lambda kind: PathConstraint(disjoint=kind), st.sampled_from(Disjointness))
ways = st.sampled_from(("AB", "BC", "CD", "AD", "AC", "BD"))


@st.composite
def questions(draw: st.DrawFn) -> tuple[Scenario, Intent]:
    circuits = draw(st.lists(ways, min_size=4, max_size=5, unique=True))
    source, target = draw(st.permutations("ABCD"))[:2]  # four circuits connect all four nodes
    twice = draw(st.booleans())
    lengths = [f"{text}{draw(st.integers(1, 3))}" for text in circuits]
    scenario = network(*lengths, demands=[(source + target, 1.0)] * (2 if twice else 1), groups="AB CD")
    paths = draw(st.lists(constraints, min_size=1, max_size=2))
    slos = draw(st.sampled_from(((), (Slo(metric=Metric.ONE_WAY_DELAY, bound=3e-3),))))
    return scenario, Intent(paths=(*paths, *([draw(disjoint)] if twice else [])), slos=slos)


@given(questions())
@settings(max_examples=25)
def test_conflicts_are_found_where_there_are_any_and_are_minimal(question: tuple[Scenario, Intent]) -> None:
    scenario, intent = question
    found = conflict(scenario, intent)
    assert (found is None) == can_hold(scenario, intent)
    if found is not None:
        together = only(intent, found.clauses)
        assert not can_hold(scenario, together)
        for some in combinations(found.clauses, len(found.clauses) - 1):
            assert can_hold(scenario, only(intent, some))


def only(intent: Intent, clauses: Sequence[str]) -> Intent:
    """The intent without all other clauses; names stay what they are."""
    paths = tuple(replace(each, name=f"paths[{i}]") for i, each in enumerate(intent.paths) if f"paths[{i}]" in clauses)
    return replace(intent, paths=paths, slos=tuple(slo for i, slo in enumerate(intent.slos) if f"slos[{i}]" in clauses))


@pytest.mark.parametrize("n_demands", [1, 2])
def test_the_enumeration_can_fail_and_succeed(n_demands: int) -> None:
    scenario = network("AB", "BC", "CD", "DA", demands=[("AC", 1.0)] * n_demands)
    apart = (PathConstraint(disjoint=Disjointness.NODE),) if n_demands == 2 else ()
    assert can_hold(scenario, Intent(paths=apart))
    assert not can_hold(scenario, Intent(paths=(*apart, PathConstraint(avoid=Avoid(nodes=("B", "D"))))))


def test_what_the_page_shows(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "optimizers.md").read_text(encoding="utf-8")
    sections = re.findall(
        r"^## (?:Constraint programming|Intents that cannot be met)\n.*?(?=^## |\Z)", page, flags=re.DOTALL | re.MULTILINE
    )
    programs = re.findall(r"^```python\n(.*?)^```", "".join(sections), flags=re.DOTALL | re.MULTILINE)
    assert len(programs) == 2
    exec(compile("\n".join(programs), "docs/optimizers.md", "exec"), {})  # noqa: S102 - our own page
    told = capsys.readouterr().out
    assert "paths[0] satisfied" in told
    assert "limits.max_utilization satisfied" in told
    promised = re.sub(r"\n# ", " ", re.findall(r"^# (limits\..*?)\n```", page, flags=re.DOTALL | re.MULTILINE)[0])
    assert promised.strip() in told
