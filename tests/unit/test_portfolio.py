"""The default method: its parts, and what it promises of whole answers."""

import numpy as np

from nettwin.changes import Plan, SegmentPolicy
from nettwin.controlplane import link_loads, offered_utilization
from nettwin.optimize.portfolio.cleaning import cleaned
from nettwin.optimize.steering.crossings import crossings
from nettwin.optimize.steering.detours import changes_to
from nettwin.scenario import AdjacencySegment, Demand, Link, Node, NodeSegment, Scenario, SegmentList, Topology, Traffic


def ring(n_nodes: int = 6, rate_bps: float = 3e5) -> Scenario:
    """A ring with a demand between any two nodes."""
    names = [f"n{index}" for index in range(n_nodes)]
    pairs = [(names[i], names[(i + 1) % n_nodes]) for i in range(n_nodes)]
    links = tuple(Link(f"{a}->{b}", a, b, 1e6, circuit=f"{min(a, b)}--{max(a, b)}") for one in pairs for a, b in (one, one[::-1]))
    topology = Topology(nodes=tuple(map(Node, names)), links=links)
    demands = [Demand(a, b, rate_bps=rate_bps / n_nodes) for a in names for b in names if a != b]
    return Scenario(topology=topology, traffic=Traffic.of(demands, topology), name="ring")


def steered(scenario: Scenario, ways: dict[str, tuple[SegmentList, ...]]) -> Scenario:
    return Plan(tuple(SegmentPolicy(demand, lists) for demand, lists in ways.items())).apply(scenario)


def test_crossings_carry_the_loads_that_the_control_plane_finds() -> None:
    before = ring()
    split = (SegmentList((NodeSegment("n5"),), 2.0), SegmentList((AdjacencySegment("n0->n1"), NodeSegment("n4")), 1.0))
    after = steered(before, {"n0->n2": split, "n1->n2": (SegmentList((NodeSegment("n0"),)),)})
    for scenario in (before, after):
        np.testing.assert_allclose(scenario.traffic.rate_bps @ crossings(scenario), link_loads(scenario))


def test_cleaning_takes_back_what_does_not_matter_and_nothing_else() -> None:
    before = ring()
    detour = {"n0->n1": (SegmentList((NodeSegment("n4"),)),), "n2->n3": (SegmentList((NodeSegment("n5"),)),)}
    after = steered(before, detour)
    worst = float(offered_utilization(after).max())
    clean = Plan(changes_to(before, cleaned(before, after, worst))).apply(before)
    assert not clean.policy.segment_lists  # the long way round only makes other links fuller
    assert offered_utilization(clean).max() <= worst
    tight = float(np.sort(offered_utilization(before))[0] * 0.5)
    kept = cleaned(before, after, tight)
    assert kept
    assert np.all(offered_utilization(Plan(changes_to(before, kept)).apply(before)) <= np.maximum(offered_utilization(after), tight) + 1e-9)


def test_cleaning_keeps_to_the_limit_whatever_the_ways() -> None:
    before = ring()
    ways = (
        (SegmentList((AdjacencySegment("n3->n4"),), 0.61234), SegmentList((NodeSegment("n2"),), 0.38)),
        (
            SegmentList((AdjacencySegment("n0->n5"), NodeSegment("n3")), 0.123),
            SegmentList((NodeSegment("n4"),), 0.5),
            SegmentList((NodeSegment("n5"),), 1.0),
        ),
    )
    after = steered(before, {name: ways[index % 2] for index, name in enumerate(before.demand_ids) if name not in ("n0->n5", "n4->n3")})
    for limit in (0.0, 0.3, 0.6, 1.0):
        clean = Plan(changes_to(before, cleaned(before, after, limit))).apply(before)
        assert np.all(offered_utilization(clean) <= np.maximum(offered_utilization(after), limit) + 1e-9)
        assert len(clean.policy.segment_lists) <= len(after.policy.segment_lists)
    assert not cleaned(before, after, 1.0)


def test_splits_are_whole_percents_after_cleaning() -> None:
    ends = ring()
    before = Scenario(ends.topology, Traffic.of([Demand("n0", "n2", 1e6)], ends.topology))
    split = tuple(SegmentList((NodeSegment(node),), weight) for node, weight in (("n2", 0.61234), ("n4", 0.38), ("n3", 0.00766)))
    after = steered(before, {"n0->n2": split})
    (sharing,) = cleaned(before, after, 0.625).values()
    assert dict(sharing) == {(): 0.62, (4,): 0.38}
    assert not cleaned(before, after, 1.0)


def test_cleaning_leaves_demands_alone_that_are_not_free() -> None:
    before = ring()
    after = steered(before, {"n0->n1": (SegmentList((NodeSegment("n4"),)),)})
    free = np.ones(before.traffic.n_demands, dtype=bool)
    free[before.index_of_demand("n0->n1")] = False
    assert list(cleaned(before, after, 10.0, free)) == [before.index_of_demand("n0->n1")]
    assert not cleaned(before, after, 10.0)
