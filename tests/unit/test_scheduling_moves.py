"""Moves of ports and metrics, and the changes that lead from one configuration to another."""

from dataclasses import replace

import pytest

from nettwin.changes import Plan
from nettwin.changes.routing import SetMetric
from nettwin.changes.scheduling import SetBuffer, SetClassMap, SetDiscipline, SetQueueWeights, SetScheduling
from nettwin.intents.limits import Knob
from nettwin.optimize.scheduling import knob_moves, port_changes
from nettwin.optimize.scheduling.moves import LEAST_BUFFER_PACKETS, LEAST_SHARE, normalized
from nettwin.optimize.twin_guided.proposals import combined
from nettwin.scenario import Demand, Discipline, Link, Node, Queue, Scenario, Scheduling, Topology, Traffic

WFQ = Scheduling(Discipline.WFQ, tuple(Queue(buffer_packets=32) for _ in range(3)))
FIFO = Scheduling(queues=(Queue(buffer_packets=32),))
PORTS = (Knob.QUEUE_WEIGHT, Knob.CLASS_MAP, Knob.BUFFER, Knob.DISCIPLINE, Knob.IGP_METRIC)


def line(*schedulings: Scheduling) -> Scenario:
    """Nodes in a row, a link from each to the next, three classes from the first to the last."""
    nodes = tuple(Node(f"n{index}") for index in range(len(schedulings) + 1))
    links = [Link(f"l{i}", f"n{i}", f"n{i + 1}", 1e6, metric=10, scheduling=each) for i, each in enumerate(schedulings)]
    topology = Topology(nodes, tuple(links))
    demands = [Demand("n0", nodes[-1].id, 1e5, traffic_class=each) for each in range(3)]
    return Scenario(topology, Traffic.of(demands, topology))


@pytest.mark.parametrize("knob", PORTS)
def test_each_knob_moves_its_own_property_and_no_other(knob: Knob) -> None:
    kinds = {
        Knob.QUEUE_WEIGHT: SetQueueWeights,
        Knob.CLASS_MAP: SetClassMap,
        Knob.BUFFER: SetBuffer,
        Knob.DISCIPLINE: (SetDiscipline, SetScheduling),
        Knob.IGP_METRIC: SetMetric,
    }
    moves = knob_moves(line(WFQ, FIFO), [knob], [0], [0, 1], has_all_ports=True)
    assert moves
    assert all(isinstance(change, kinds[knob]) for move in moves for change in move.changes)


def test_every_move_does_something_and_is_found_again_as_changes() -> None:
    before = line(WFQ, FIFO, replace(WFQ, discipline=Discipline.DRR, queue_by_class=(2, 1, 2)))
    moves = knob_moves(before, PORTS, [0, 1], [0, 1, 2], has_all_ports=True)
    for move in moves:
        after = move.apply(before)
        changes = port_changes(before, after)
        assert changes, move.words
        assert Plan(changes).apply(before).topology.links == after.topology.links, move.words
        assert {name for _, name in move.touched} == {change.link for change in changes}


def test_nothing_moves_without_a_knob_nor_at_a_port_that_lacks_it() -> None:
    assert knob_moves(line(WFQ), [Knob.SEGMENT_POLICY], [0], [0], has_all_ports=True) == []
    assert knob_moves(line(FIFO), [Knob.QUEUE_WEIGHT, Knob.CLASS_MAP], [0], [0], has_all_ports=True) == []


def test_moves_of_all_ports_come_before_those_of_single_ones() -> None:
    sizes = [len(move.changes) for move in knob_moves(line(WFQ, WFQ, WFQ), [Knob.QUEUE_WEIGHT], [0], [2, 0], has_all_ports=True)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 3
    single = knob_moves(line(WFQ, WFQ, WFQ), [Knob.QUEUE_WEIGHT], [0], [2, 0])
    assert [move.changes[0].link for move in single] == ["l2"] * 3 + ["l0"] * 3  # type: ignore[attr-defined]


def test_weights_keep_their_sum_and_starve_nobody() -> None:
    weights = normalized([1.0, 1e-9, 3.0], 100.0)
    assert sum(weights) == pytest.approx(100.0, rel=0.01)
    assert min(weights) >= 100 * LEAST_SHARE * 0.95
    assert weights[2] / weights[0] == pytest.approx(3.0, rel=0.01)


def test_a_heavier_class_is_the_one_that_was_asked_for() -> None:
    mapped = replace(WFQ, queue_by_class=(2, 1, 0))
    move = knob_moves(line(mapped), [Knob.QUEUE_WEIGHT], [0], [0])[0]
    (change,) = move.changes
    assert isinstance(change, SetQueueWeights)
    assert change.weights[2] == max(change.weights) > change.weights[0]


def test_fifo_ports_get_a_queue_for_each_class() -> None:
    move = next(each for each in knob_moves(line(FIFO), [Knob.DISCIPLINE], [0], [0]) if each.words.startswith("strict"))
    scheduling = move.apply(line(FIFO)).topology.links[0].scheduling
    assert scheduling.discipline is Discipline.STRICT_PRIORITY
    assert [queue.buffer_packets for queue in scheduling.queues] == [32, 32, 32]


def test_buffers_are_not_halved_for_ever_and_endless_ones_stay() -> None:
    small = Scheduling(queues=(Queue(buffer_packets=LEAST_BUFFER_PACKETS),))
    sizes = [change.buffer_packets for move in knob_moves(line(small), [Knob.BUFFER], [0], [0]) for change in move.changes]  # type: ignore[attr-defined]
    assert min(sizes) >= LEAST_BUFFER_PACKETS
    assert knob_moves(line(Scheduling()), [Knob.BUFFER], [0], [0]) == []


def test_moves_that_touch_the_same_port_are_not_joined() -> None:
    moves = knob_moves(line(WFQ, WFQ), [Knob.QUEUE_WEIGHT], [0], [0, 1])
    joined = combined(moves)
    assert joined
    for each in joined:
        links = [change.link for change in each.changes]  # type: ignore[attr-defined]
        assert len(links) == len(set(links)) == 2
