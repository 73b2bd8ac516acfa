"""Small random scenarios that changes can work on (names that they know, links called after their ends), and changes that fit them.

For anything that a scenario can hold, see ``strategies``."""

from collections.abc import Callable

from hypothesis import strategies as st

from nettwin import changes as ch
from nettwin.errors import InputError
from nettwin.scenario import (
    AdjacencySegment,
    Demand,
    Discipline,
    ExplicitPath,
    Link,
    Node,
    NodeSegment,
    Observation,
    PacketTrace,
    RoutingPolicy,
    Scenario,
    Scheduling,
    SegmentList,
    ShortestPaths,
    Topology,
    Traffic,
)
from strategies import arrival_processes, forwarding_tables, packet_sizes, schedulings

NODE_NAMES = ("A", "B", "C", "Den Haag", "E[1]", "=F")
GROUPS = ("duct 1", "bridge")

positive = st.floats(1e-3, 1e12, allow_nan=False)
rates = st.one_of(st.just(0.0), st.floats(1.0, 1e10))

buffers = st.one_of(st.just(float("inf")), st.floats(1, 1e7))


@st.composite
def links(draw: st.DrawFn, link_id: str, ends: tuple[str, str]) -> Link:
    return Link(
        link_id,
        *ends,
        capacity_bps=draw(positive),
        propagation_delay_s=draw(st.floats(0, 1)),
        metric=float(draw(st.integers(1, 20))),
        scheduling=draw(schedulings()) if draw(st.booleans()) else Scheduling(),
        circuit=draw(st.sampled_from(("", "--".join(sorted(ends))))),
        risk_groups=tuple(draw(st.lists(st.sampled_from(GROUPS), unique=True, max_size=2))),
        tags=draw(st.sampled_from(((), ("submarine",)))),
        is_up=draw(st.sampled_from((True, True, False))),
    )


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    names = draw(st.lists(st.sampled_from(NODE_NAMES), min_size=2, max_size=5, unique=True))
    nodes = tuple(
        Node(name, position=draw(st.sampled_from((None, (1.0, 2.0)))), is_up=draw(st.sampled_from((True, True, False)))) for name in names
    )
    pairs = [(a, b) for a in names for b in names if a != b]
    chosen = draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=8, unique=True))
    return Topology(nodes, tuple(draw(links(f"{a}->{b}", (a, b))) for a, b in chosen))


@st.composite
def demands(draw: st.DrawFn, topology: Topology, demand_id: str = "") -> Demand:
    names = [node.id for node in topology.nodes]
    source, target = draw(st.permutations(names))[:2]
    process = draw(arrival_processes())
    rate = process.rate_bps if isinstance(process, PacketTrace) else draw(rates)
    return Demand(source, target, rate, draw(st.integers(0, 3)), process, draw(packet_sizes()), demand_id)


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    topology = draw(topologies())
    has_ids = draw(st.booleans())
    rows = [draw(demands(topology, f"d{i}" if has_ids else "")) for i in range(draw(st.integers(1, 6)))]
    base = draw(st.one_of(st.builds(ShortestPaths, st.booleans()), forwarding_tables(topology)))
    return Scenario(topology, Traffic.of(rows, topology), RoutingPolicy(base))


def _link(draw: st.DrawFn, scenario: Scenario) -> str:
    return draw(st.sampled_from([*scenario.topology.link_index, *scenario.topology.circuits, "*"]))


def _node(draw: st.DrawFn, scenario: Scenario) -> str:
    return draw(st.sampled_from(list(scenario.topology.node_index)))


def _demand(draw: st.DrawFn, scenario: Scenario) -> str:
    return draw(st.sampled_from([*scenario.demand_ids, "*"]))


def _selection(draw: st.DrawFn, scenario: Scenario) -> ch.Selection:
    return draw(
        st.sampled_from(
            (
                ch.Selection(),
                ch.Selection(ids=(_demand(draw, scenario),)),
                ch.Selection(source=_node(draw, scenario)),
                ch.Selection(traffic_class=draw(st.integers(0, 3))),
            )
        )
    )


def _new_link(draw: st.DrawFn, scenario: Scenario) -> Link:
    source = _node(draw, scenario)
    target = draw(st.sampled_from(NODE_NAMES))
    return draw(links(f"new {source}->{target}", (source, target)))


def _path(draw: st.DrawFn, scenario: Scenario) -> tuple[str, tuple[str, ...]]:
    """A demand, and a random walk from its source: a path if it happens to end at the target."""
    row = draw(st.integers(0, scenario.traffic.n_demands - 1))
    here, walk = scenario.topology.nodes[scenario.traffic.source[row]].id, []
    goal = scenario.topology.nodes[scenario.traffic.target[row]].id
    while here != goal and len(walk) < 4:
        onward = [link for link in scenario.topology.links if link.source == here]
        if not onward:
            break
        link = draw(st.sampled_from(onward))
        walk.append(link.id)
        here = link.target
    return scenario.demand_ids[row], tuple(walk)


def _paths(draw: st.DrawFn, scenario: Scenario) -> ch.SetPaths:
    demand, path = _path(draw, scenario)
    return ch.SetPaths(demand, (ExplicitPath(path, 0.25), ExplicitPath(path, 0.75)))


def _segments(draw: st.DrawFn, scenario: Scenario) -> ch.SegmentPolicy:
    link = draw(st.sampled_from(list(scenario.topology.link_index)))
    lists = (
        SegmentList((NodeSegment(_node(draw, scenario)), AdjacencySegment(link)), 2.0),
        SegmentList((NodeSegment(_node(draw, scenario)),)),
    )
    return ch.SegmentPolicy(_demand(draw, scenario), lists[: draw(st.integers(1, 2))])


def _next_link(draw: st.DrawFn, scenario: Scenario) -> ch.SetNextLink:
    node = _node(draw, scenario)
    outputs = [link.id for link in scenario.topology.links if link.source == node]
    return ch.SetNextLink(node, _node(draw, scenario), draw(st.sampled_from(["", *outputs])))


def _base(draw: st.DrawFn, scenario: Scenario) -> ch.SetRoutingBase:
    return ch.SetRoutingBase(draw(st.one_of(st.builds(ShortestPaths, st.booleans()), forwarding_tables(scenario.topology))))


def _replaced_link(draw: st.DrawFn, scenario: Scenario) -> ch.ReplaceLink:
    link = draw(st.sampled_from(scenario.topology.links))
    return ch.ReplaceLink(draw(links(link.id, (link.source, link.target))))


def _buffer(draw: st.DrawFn, scenario: Scenario) -> ch.SetBuffer:
    size = st.none() | buffers
    return ch.SetBuffer(_link(draw, scenario), draw(size), draw(size), draw(st.none() | st.just(0)))


Maker = Callable[[st.DrawFn, Scenario], ch.Change]

MAKERS: dict[type, Maker] = {
    ch.FailLink: lambda draw, s: ch.FailLink(_link(draw, s), draw(st.booleans())),
    ch.RestoreLink: lambda draw, s: ch.RestoreLink(_link(draw, s), draw(st.booleans())),
    ch.FailNode: lambda draw, s: ch.FailNode(_node(draw, s)),
    ch.RestoreNode: lambda draw, s: ch.RestoreNode("*"),
    ch.FailRiskGroup: lambda draw, s: ch.FailRiskGroup(draw(st.sampled_from(GROUPS))),
    ch.RestoreRiskGroup: lambda draw, s: ch.RestoreRiskGroup(draw(st.sampled_from(GROUPS))),
    ch.SetCapacity: lambda draw, s: ch.SetCapacity(_link(draw, s), draw(positive)),
    ch.SetPropagationDelay: lambda draw, s: ch.SetPropagationDelay(_link(draw, s), draw(st.floats(0, 1))),
    ch.AddLink: lambda draw, s: ch.AddLink(_new_link(draw, s), draw(st.booleans())),
    ch.RemoveLink: lambda draw, s: ch.RemoveLink(draw(st.sampled_from(list(s.topology.link_index))), draw(st.booleans())),
    ch.ReplaceLink: lambda draw, s: ch.ReplaceLink(
        draw(st.sampled_from(s.topology.links).flatmap(lambda link: links(link.id, (link.source, link.target))))
    ),
    ch.AddNode: lambda draw, s: ch.AddNode(Node(draw(st.sampled_from(NODE_NAMES)), label="new")),
    ch.RemoveNode: lambda draw, s: ch.RemoveNode(_node(draw, s)),
    ch.ReplaceNode: lambda draw, s: ch.ReplaceNode(Node(_node(draw, s), label="replaced", position=(3.0, 4.5), tags=("core",))),
    ch.SetMetric: lambda draw, s: ch.SetMetric(_link(draw, s), draw(positive)),
    ch.SetPath: lambda draw, s: ch.SetPath(*_path(draw, s)),
    ch.SetPaths: _paths,
    ch.SegmentPolicy: _segments,
    ch.ClearPath: lambda draw, s: ch.ClearPath(_demand(draw, s)),
    ch.SetEcmp: lambda draw, s: ch.SetEcmp(draw(st.booleans())),
    ch.SetRoutingBase: _base,
    ch.SetNextLink: _next_link,
    ch.SetScheduling: lambda draw, s: ch.SetScheduling(_link(draw, s), draw(schedulings())),
    ch.SetDiscipline: lambda draw, s: ch.SetDiscipline(_link(draw, s), draw(st.sampled_from(Discipline))),
    ch.SetBuffer: lambda draw, s: ch.SetBuffer(
        _link(draw, s), draw(st.none() | buffers), draw(st.none() | buffers), draw(st.none() | st.just(0))
    ),
    ch.SetQueueWeights: lambda draw, s: ch.SetQueueWeights(_link(draw, s), tuple(draw(st.lists(positive, min_size=1, max_size=3)))),
    ch.SetClassMap: lambda draw, s: ch.SetClassMap(_link(draw, s), tuple(draw(st.lists(st.integers(0, 1), max_size=3)))),
    ch.ScaleTraffic: lambda draw, s: ch.ScaleTraffic(draw(st.floats(0, 4)), _selection(draw, s)),
    ch.RateLimit: lambda draw, s: ch.RateLimit(draw(rates), _selection(draw, s)),
    ch.SetRate: lambda draw, s: ch.SetRate(_demand(draw, s), draw(rates)),
    ch.SetRates: lambda draw, s: ch.SetRates({name: draw(rates) for name in s.demand_ids[:2]}),
    ch.SetTrafficClass: lambda draw, s: ch.SetTrafficClass(draw(st.integers(0, 3)), _selection(draw, s)),
    ch.SetArrivals: lambda draw, s: ch.SetArrivals(draw(arrival_processes()), _selection(draw, s)),
    ch.SetPacketSizes: lambda draw, s: ch.SetPacketSizes(draw(packet_sizes()), _selection(draw, s)),
    ch.AddDemand: lambda draw, s: ch.AddDemand(draw(demands(s.topology, draw(st.sampled_from(("", "d0", "extra")))))),
    ch.AddDemands: lambda draw, s: ch.AddDemands((draw(demands(s.topology)), draw(demands(s.topology)))),
    ch.RemoveDemand: lambda draw, s: ch.RemoveDemand(_demand(draw, s)),
    ch.RemoveDemands: lambda draw, s: ch.RemoveDemands((s.demand_ids[0], s.demand_ids[-1])),
    ch.SetObservation: lambda draw, s: ch.SetObservation(Observation(draw(positive), draw(st.floats(0, 10)))),
}


def can_be_changed(scenario: Scenario) -> bool:
    """Whether there is something left that the makers can draw from."""
    return bool(scenario.traffic.n_demands and scenario.topology.n_links and scenario.topology.n_nodes > 1)


@st.composite
def changed(draw: st.DrawFn, scenario: Scenario, max_changes: int = 6) -> tuple[ch.Plan, Scenario]:
    """A plan that can be applied to the scenario, and what comes out. Changes that are refused are left out."""
    accepted: list[ch.Change] = []
    for _ in range(draw(st.integers(1, max_changes))):
        if not can_be_changed(scenario):
            break
        change = draw_change(draw, scenario)
        try:
            scenario = change.apply(scenario)
        except InputError:
            continue
        accepted.append(change)
    return ch.Plan(tuple(accepted)), scenario


def draw_change(draw: st.DrawFn, scenario: Scenario) -> ch.Change:
    """A change of any kind; it may be refused by the scenario, with an InputError."""
    maker = MAKERS[draw(st.sampled_from(list(MAKERS)))]
    try:
        return maker(draw, scenario)
    except InputError:  # such as a link from a node to itself
        return ch.ClearPath()
