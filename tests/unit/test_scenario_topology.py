import math
from dataclasses import replace

import pytest

from nettwin.errors import InputError
from nettwin.scenario import Discipline, Link, Node, Queue, Scheduling, Topology


@pytest.fixture
def topology() -> Topology:
    ports = Scheduling(Discipline.STRICT_PRIORITY, (Queue(100.0), Queue(200.0, weight=2.0)), (1, 0))
    links = (
        Link("A->B", "A", "B", 1e6, circuit="A--B", risk_groups=("duct",), scheduling=ports),
        Link("B->A", "B", "A", 1e6, circuit="A--B"),
        Link("B->C", "B", "C", 2e6, 0.01, metric=5.0, risk_groups=("duct", "bridge")),
    )
    return Topology((Node("A"), Node("B"), Node("C", is_up=False)), links)


def test_columns_follow_the_links(topology: Topology) -> None:
    assert topology.link_source.tolist() == [0, 1, 1]
    assert topology.link_target.tolist() == [1, 0, 2]
    assert topology.capacity_bps.tolist() == [1e6, 1e6, 2e6]
    assert topology.propagation_delay_s.tolist() == [0.0, 0.0, 0.01]
    assert topology.metric.tolist() == [1.0, 1.0, 5.0]


def test_a_link_is_as_up_as_its_ends(topology: Topology) -> None:
    assert topology.link_is_up.tolist() == [True, True, False]
    failed = replace(topology, links=(replace(topology.links[0], is_up=False), *topology.links[1:]))
    assert failed.link_is_up.tolist() == [False, True, False]


def test_circuits_and_risk_groups_list_their_links(topology: Topology) -> None:
    assert dict(topology.circuits) == {"A--B": (0, 1), "B->C": (2,)}
    assert dict(topology.risk_groups) == {"duct": (0, 2), "bridge": (2,)}


def test_queues_are_numbered_link_by_link(topology: Topology) -> None:
    assert topology.n_queues == 4
    assert topology.queues.link.tolist() == [0, 0, 1, 2]
    assert topology.queues.offsets.tolist() == [0, 2, 3, 4]
    assert topology.queues.buffer_bits.tolist() == [100.0, 200.0, math.inf, math.inf]
    assert topology.queue_by_class(3).tolist() == [[1, 0, 0], [2, 2, 2], [3, 3, 3]]


def test_names_lead_to_nodes_and_links(topology: Topology) -> None:
    assert topology.node("B") is topology.nodes[1]
    assert topology.link("B->C") is topology.links[2]
    with pytest.raises(InputError, match=r"unknown link 'B-C' \(did you mean B->C"):
        topology.link("B-C")
    with pytest.raises(InputError, match="unknown node 'X'"):
        topology.node("X")


@pytest.mark.parametrize(
    ("link", "complaint"),
    [
        ({"target": "A"}, "source and target are both 'A'"),
        ({"capacity_bps": 0.0}, "capacity_bps is 0.0"),
        ({"capacity_bps": math.nan}, "capacity_bps is nan"),
        ({"capacity_bps": math.inf}, "capacity_bps is inf"),
        ({"propagation_delay_s": -1.0}, "propagation_delay_s is -1.0"),
        ({"metric": 0.0}, "metric is 0.0"),
    ],
)
def test_a_link_checks_itself(link: dict[str, object], complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        replace(Link("A->B", "A", "B", 1e6), **link)


@pytest.mark.parametrize(
    ("nodes", "links", "complaint"),
    [
        ((), (), "no nodes"),
        ((Node("A"), Node("A")), (), "node 'A': the id stands twice"),
        ((Node(""),), (), "an empty id"),
        ((Node("A"), Node("B")), (Link("l", "A", "B", 1.0), Link("l", "B", "A", 1.0)), "link 'l': the id stands twice"),
        ((Node("A"), Node("Bergen")), (Link("l", "A", "Berge", 1.0),), "link 'l': unknown node 'Berge' .did you mean Bergen"),
    ],
)
def test_a_topology_checks_itself(nodes: tuple[Node, ...], links: tuple[Link, ...], complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        Topology(nodes, links)
