"""Hypothesis strategies for the values of scenario/, for all property tests: ``from strategies import scenarios``."""

import math
from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from nettwin.scenario import (
    INTERNET_MIX,
    AdjacencySegment,
    AutocorrelatedExponential,
    CarriedOnOff,
    ConstantBitRate,
    Demand,
    Discipline,
    EmpiricalSizes,
    ExplicitPath,
    ExponentialSize,
    FixedSize,
    ForwardingTable,
    Link,
    ModulatedExponential,
    Node,
    NodeSegment,
    Observation,
    OnOff,
    PacketTrace,
    Poisson,
    Queue,
    RoutingPolicy,
    Scenario,
    Scheduling,
    SegmentList,
    ShortestPaths,
    Topology,
    Traffic,
    TruncatedExponentialSize,
)
from nettwin.scenario.planning import CapacityModule, LinkPlanning


def quantities(smallest: float = 1e-6, largest: float = 1e13) -> st.SearchStrategy[float]:
    """Positive finite numbers, round ones among them."""
    round_ones = [digits * 10.0**power for digits in (1, 2.5, 40, 622.08) for power in range(-6, 12)]
    return st.one_of(st.floats(smallest, largest), st.sampled_from([x for x in (smallest, *round_ones) if smallest <= x <= largest]))


def texts(min_size: int = 0) -> st.SearchStrategy[str]:
    """Texts that tempt parsers: numbers, words with a meaning in YAML, quotes, blanks, formulas, other scripts."""
    tempting = ["NO", "null", "1e9", "007", "12", "-1.5", "true", "~", " a", "a,b", 'a"b', "a: b", "#x", "=1+1", "A->B", "Ø", "- x", "'"]
    characters = st.characters(codec="utf-8", exclude_categories=["Cs"])
    return st.one_of(st.sampled_from(tempting), st.text(characters, min_size=min_size, max_size=8))


def names() -> st.SearchStrategy[str]:
    """Texts that can be ids."""
    return texts(min_size=1)


def queues() -> st.SearchStrategy[Queue]:
    """Bounded and unbounded queues."""
    bound = st.one_of(st.just(math.inf), quantities(1.0, 1e9))
    return st.builds(Queue, buffer_bits=bound, buffer_packets=bound, weight=quantities(1e-3, 1e3))


@st.composite
def schedulings(draw: st.DrawFn) -> Scheduling:
    """Ports of every discipline."""
    discipline = draw(st.sampled_from(Discipline))
    count = 1 if discipline is Discipline.FIFO else draw(st.integers(1, 3))
    return Scheduling(
        discipline=discipline,
        queues=tuple(draw(st.lists(queues(), min_size=count, max_size=count))),
        queue_by_class=tuple(draw(st.lists(st.integers(0, count - 1), max_size=3))),
        quantum_bits=draw(quantities(1.0, 1e6)),
        buffer_holds_packet_in_service=draw(st.booleans()),
    )


def packet_sizes() -> st.SearchStrategy[object]:
    """Every distribution of packet sizes."""
    size = quantities(8.0, 1e5)
    mix = st.lists(st.tuples(st.integers(64, 12_000), st.integers(1, 9)), min_size=1, max_size=4, unique_by=lambda pair: pair[0])
    return st.one_of(
        st.just(INTERNET_MIX),
        st.builds(FixedSize, size),
        st.builds(ExponentialSize, size),
        st.builds(lambda low, width, scale: TruncatedExponentialSize(scale, low, low + width), size, size, size),
        mix.map(_empirical),
    )


def _empirical(mix: list[tuple[int, int]]) -> EmpiricalSizes:
    total = sum(count for _, count in mix)
    return EmpiricalSizes(tuple(float(size) for size, _ in sorted(mix)), tuple(count / total for _, count in sorted(mix)))


def arrival_processes() -> st.SearchStrategy[object]:
    """Every arrival process."""
    time = quantities(1e-3, 1e3)
    return st.one_of(
        st.just(Poisson()),
        st.just(ConstantBitRate()),
        st.builds(OnOff, time, time),
        st.builds(CarriedOnOff, time, time),
        st.builds(AutocorrelatedExponential, st.floats(0, 0.99)),
        st.builds(ModulatedExponential, quantities(1.0, 100.0), time, time),
        st.lists(st.floats(0, 0.999), min_size=1, max_size=4).map(
            lambda times: PacketTrace(np.array(sorted(times)), np.full(len(times), 8000.0), 1.0)
        ),
    )


def plannings() -> st.SearchStrategy[LinkPlanning]:
    """With and without modules and costs."""
    cost = st.one_of(st.just(0.0), quantities(1e-3, 1e6))
    return st.builds(
        LinkPlanning,
        modules=st.lists(st.builds(CapacityModule, quantities(1.0), cost), max_size=2).map(tuple),
        installed_capacity_bps=st.one_of(st.none(), st.just(0.0), quantities(1.0)),
        installed_cost=cost,
        setup_cost=cost,
        routing_cost_per_bps=cost,
    )


@st.composite
def topologies(draw: st.DrawFn, node_ids: st.SearchStrategy[str] | None = None) -> Topology:
    """Up to five nodes with cables, single directions, parallel links, circuits and risk groups; not always connected."""
    ids = draw(st.lists(names() if node_ids is None else node_ids, min_size=2, max_size=5, unique=True))
    position = st.one_of(st.none(), st.tuples(st.floats(-180, 180), st.floats(-90, 90)))
    tags = st.lists(texts(), max_size=2).map(tuple)
    nodes = [draw(st.builds(Node, st.just(name), label=texts(), position=position, tags=tags, is_up=st.booleans())) for name in ids]
    links: list[Link] = []
    for number in range(draw(st.integers(1, 5))):
        links += draw(_circuit(ids, number, {link.id for link in links}))
    metadata = draw(st.dictionaries(names(), texts(), max_size=2))
    return Topology(tuple(nodes), tuple(draw(st.permutations(links))) if draw(st.booleans()) else tuple(links), metadata)


@st.composite
def _circuit(draw: st.DrawFn, ids: Sequence[str], number: int, taken: set[str]) -> list[Link]:
    source, target = draw(st.permutations(ids))[:2]
    circuit = draw(st.sampled_from(["", f"{source}--{target}", f"circuit {number}", "shared"]))
    there = Link(
        id=_free(draw(st.sampled_from([f"{source}->{target}", f"link {number}"])), taken),
        source=source,
        target=target,
        capacity_bps=draw(quantities(1.0)),
        propagation_delay_s=draw(st.one_of(st.just(0.0), quantities(1e-6, 1.0))),
        metric=draw(st.one_of(st.integers(1, 100).map(float), quantities(1e-3, 1e6))),
        scheduling=draw(st.one_of(st.just(Scheduling()), schedulings())),
        circuit=circuit,
        risk_groups=tuple(draw(st.lists(texts(), max_size=2))),
        tags=tuple(draw(st.lists(texts(), max_size=2))),
        is_up=draw(st.booleans()),
        planning=draw(st.one_of(st.just(LinkPlanning()), plannings())),
    )
    if draw(st.booleans()):
        return [there]
    back = _free(f"{target}->{source}", {*taken, there.id})
    return [there, _reversed(there, back)]


def _reversed(link: Link, name: str) -> Link:
    from dataclasses import replace

    return replace(link, id=name, source=link.target, target=link.source)


def _free(wanted: str, taken: set[str]) -> str:
    return next(name for name in (wanted, *(f"{wanted}#{n}" for n in range(2, 99))) if name not in taken)


@st.composite
def traffics(draw: st.DrawFn, topology: Topology) -> Traffic:
    """None, one or several demands, with and without ids."""
    ends = st.permutations([node.id for node in topology.nodes]).map(lambda ids: ids[:2])
    rows = []
    has_ids = draw(st.booleans())
    for number in range(draw(st.integers(0, 5))):
        source, target = draw(ends)
        rate = draw(st.one_of(st.just(0.0), quantities()))
        name = f"{draw(texts())}{number}" if has_ids else ""
        rows.append(Demand(source, target, rate, draw(st.integers(0, 3)), draw(arrival_processes()), draw(packet_sizes()), name))
    return Traffic.of(rows, topology)


@st.composite
def policies(draw: st.DrawFn, topology: Topology, demand_ids: Sequence[str]) -> RoutingPolicy:
    """Every base and kind of exception. Paths name real links, but need not be connected: values do not check that."""
    links, nodes = [link.id for link in topology.links], [node.id for node in topology.nodes]
    segment = st.one_of(st.sampled_from(nodes).map(NodeSegment), st.sampled_from(links).map(AdjacencySegment))
    paths = st.builds(ExplicitPath, st.lists(st.sampled_from(links), min_size=1, max_size=3).map(tuple), quantities(1e-3, 1.0))
    lists = st.builds(SegmentList, st.lists(segment, max_size=3).map(tuple), quantities(1e-3, 9.0))
    some, most = (st.sampled_from(demand_ids), 2) if demand_ids else (st.just(""), 0)
    return RoutingPolicy(
        draw(st.one_of(st.builds(ShortestPaths, st.booleans()), forwarding_tables(topology))),
        draw(st.dictionaries(some, st.lists(paths, min_size=1, max_size=2).map(tuple), max_size=most)),
        draw(st.dictionaries(some, st.lists(lists, min_size=1, max_size=2).map(tuple), max_size=most)),
    )


@st.composite
def forwarding_tables(draw: st.DrawFn, topology: Topology) -> ForwardingTable:
    """Ports that exist, or none."""
    table = np.full((topology.n_nodes, topology.n_nodes), -1)
    for node in range(topology.n_nodes):
        ports = [-1, *np.flatnonzero(topology.link_source == node).tolist()]
        for target in range(topology.n_nodes):
            table[node, target] = draw(st.sampled_from(ports)) if node != target else -1
    return ForwardingTable(table)


def observations() -> st.SearchStrategy[Observation]:
    """Finite and endless ones."""
    return st.builds(Observation, st.one_of(st.just(math.inf), quantities(1e-3, 1e6)), st.one_of(st.just(0.0), quantities(1e-3, 1e3)))


@st.composite
def scenarios(draw: st.DrawFn, node_ids: st.SearchStrategy[str] | None = None) -> Scenario:
    """Anything that a scenario can hold."""
    topology = draw(topologies(node_ids))
    traffic = draw(traffics(topology))
    bare = Scenario(topology, traffic)
    policy = draw(policies(topology, bare.demand_ids))
    return Scenario(topology, traffic, policy, draw(observations()), draw(texts()), draw(texts()))
