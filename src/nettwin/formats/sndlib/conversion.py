"""SNDlib's words and units <-> ours."""

import re
from collections.abc import Callable, Mapping, Sequence

from nettwin.errors import FormatError, NettwinError
from nettwin.formats.assumptions import Assumptions
from nettwin.formats.circuits import Circuit, Names, pairs_of, with_partners
from nettwin.formats.coverage import CoverageLog
from nettwin.formats.demand_lists import both_ways, is_triangular
from nettwin.formats.draft import Draft, Plane
from nettwin.formats.sndlib.network import SndDemand, SndLink, SndNetwork, SndNode
from nettwin.formats.sndlib.xml import COORDINATES, PIXEL
from nettwin.formats.xml_writing import element_name, writable
from nettwin.scenario import CapacityModule, Demand, Link, LinkPlanning, Node, Scenario

MBIT = 1e6
_UNFIT = re.compile(r"[\s()#,?]+")
UNIT = "unit"
_UNIT = re.compile(r"(?P<prefix>[KMGT]?)(BITS?PERSEC(OND)?|BPS|BIT/S)\Z")
_PREFIX = {"": 1.0, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
LINK_MODEL = "linkModel"
"""Our own META attribute: SNDlib says in a separate model file whether links are directed."""


def draft_of(network: SndNetwork, assumptions: Assumptions, log: CoverageLog) -> Draft:
    """The network with rates in bit/s. Raises FormatError, ScenarioError or UnknownNameError with the place."""
    if not network.nodes:
        raise FormatError("no nodes", where=network.name, hint="is this an SNDlib network file?")
    unit_bps = _unit_bps(network.meta, log)
    draft = Draft(
        nodes=tuple(Node(id=node.id, position=node.position) for node in network.nodes),
        circuits=_circuits(network, unit_bps, log),
        demands=_demands(network.demands, unit_bps, assumptions, log),
        plane=_plane(network, log),
        name=network.name,
        metadata={key: text for key, text in network.meta.items() if key != LINK_MODEL},
    )
    log.modelled("node", "NODES", count=len(network.nodes))
    log.modelled("link", "LINKS", count=len(network.links))
    if not network.links:
        log.unknown("LINKS", note="the file has none, as SNDlib's dynamic matrices: every demand is unreachable; read the network file")
    log.modelled("modules and costs", "LINKS", "kept for planning", count=sum(c.planning != LinkPlanning() for c in draft.circuits))
    return draft


def _unit_bps(meta: Mapping[str, str], log: CoverageLog) -> float:
    text = meta.get(UNIT, "")
    match = _UNIT.match(text.upper().replace(" ", ""))
    if match:
        return _PREFIX[match["prefix"]]
    if text:
        log.unknown("META unit", note=f"taken for Mbit/s: {text[:40]!r}")
    else:
        log.modelled("unit", note="assumed: the file gives none; capacities and demands are taken for Mbit/s")
    return MBIT


def _plane(network: SndNetwork, log: CoverageLog) -> Plane:
    positions = [node.position for node in network.nodes if node.position]
    kind = network.meta.get(COORDINATES)
    plane = Plane.KILOMETERS if kind == PIXEL else Plane.of(positions)
    if positions and plane is Plane.KILOMETERS:
        log.modelled("coordinates", note="assumed: a pixel is a kilometre")
    elif positions and kind is None:
        log.modelled("coordinates", note="assumed: degrees, from their range")
    return plane


def _circuits(network: SndNetwork, unit_bps: float, log: CoverageLog) -> tuple[Circuit, ...]:
    is_directed = network.meta.get(LINK_MODEL, "").upper() == "DIRECTED"
    seen: set[str] = set()
    for link in network.links:
        if link.id in seen:
            raise FormatError(f"the link id {link.id!r} stands twice", where=link.place, hint="link ids are unique")
        seen.add(link.id)
    if network.links and not is_directed:
        log.modelled("link model", note="assumed: full duplex, the capacity is there in each direction", count=len(network.links))
    circuits = [_circuit(link, unit_bps, is_directed) for link in network.links]
    return tuple(with_partners(circuits))


def _circuit(link: SndLink, unit_bps: float, is_directed: bool) -> Circuit:
    try:
        return Circuit(
            source=link.source,
            target=link.target,
            id="" if is_directed else link.id,
            link_id=link.id if is_directed else "",
            capacity_bps=link.installed_capacity * unit_bps if link.installed_capacity > 0 else None,
            is_one_way=is_directed,
            planning=_planning(link, unit_bps),
        )
    except NettwinError as error:
        raise error.at(f"{link.place}: link {link.id!r}") from None


def _planning(link: SndLink, unit_bps: float) -> LinkPlanning:
    return LinkPlanning(
        modules=tuple(CapacityModule(capacity * unit_bps, cost) for capacity, cost in link.modules),
        installed_capacity_bps=None if link.installed_capacity > 0 else 0.0,
        installed_cost=link.installed_cost,
        setup_cost=link.setup_cost,
        routing_cost_per_bps=link.routing_cost / unit_bps,
    )


def _demands(rows: Sequence[SndDemand], unit_bps: float, assumptions: Assumptions, log: CoverageLog) -> tuple[Demand, ...]:
    loops = [row for row in rows if row.source == row.target]
    log.ignored("demand from a node to itself", loops[0].place if loops else "", "it crosses no link", count=len(loops))
    demands: Sequence[Demand] = [
        Demand(row.source, row.target, row.value * row.routing_unit * unit_bps, id=row.id) for row in rows if row.source != row.target
    ]
    log.modelled("demand", "DEMANDS", "Poisson arrivals, packet sizes of the Internet mix", count=len(demands))
    if is_triangular(demands):
        demands = _triangular(demands, assumptions, log)
    return tuple(demands)


def _triangular(demands: Sequence[Demand], assumptions: Assumptions, log: CoverageLog) -> Sequence[Demand]:
    """SNDlib's files do not say whether demands are directed; a matrix without any return demand is the undirected model."""
    if assumptions.both_ways:
        log.modelled("demand back", note="generated: the matrix is triangular; each demand is sent both ways", count=len(demands))
        return both_ways(demands)
    note = "the matrix is triangular, as in SNDlib's UNDIRECTED demand model, and is read as given, from source to target only"
    log.ignored("demand model", note=f"{note}; both_ways=1 sends each demand both ways")
    return demands


def network_of(scenario: Scenario, *, is_native: bool) -> SndNetwork:
    """The scenario in SNDlib's words; rates in Mbit/s or the unit that its metadata keep. Native ids are single words."""
    name = _namer(is_native)
    unit_bps = _unit_bps(scenario.topology.metadata, CoverageLog())
    pairs = pairs_of(scenario.topology)
    is_directed = not all(pair.is_symmetric for pair in pairs)
    meta = {**scenario.topology.metadata, **({LINK_MODEL: "DIRECTED"} if is_directed else {})}
    ids = {node.id: name(node.id) for node in scenario.topology.nodes}
    named = _namer(is_native)
    links = [(link.id, link) for link in scenario.topology.links] if is_directed else [(pair.id, pair.forward) for pair in pairs]
    return SndNetwork(
        nodes=tuple(SndNode(ids[node.id], node.position, "") for node in scenario.topology.nodes),
        links=tuple(_snd_link(named(link_id), link, ids, unit_bps) for link_id, link in links),
        demands=_snd_demands(scenario, list(ids.values()), unit_bps, is_native),
        meta={element_name(key): " ".join(text.split()) for key, text in meta.items()},
        name="_".join(scenario.name.split()),
    )


def _namer(is_native: bool) -> Callable[[str], str]:
    """Native ids are single words without brackets, those in XML have no blanks around them; each is given once."""
    names = Names(mark="_")
    return lambda text: names.unique((_UNFIT.sub("_", text) if is_native else writable(text).strip()) or "_")


def _snd_link(own: str, link: Link, ids: dict[str, str], unit_bps: float) -> SndLink:
    planning = link.planning
    installed_bps = link.capacity_bps if planning.installed_capacity_bps is None else planning.installed_capacity_bps
    return SndLink(
        id=own,
        source=ids[link.source],
        target=ids[link.target],
        installed_capacity=_in_unit(installed_bps, unit_bps),
        installed_cost=planning.installed_cost,
        routing_cost=planning.routing_cost_per_bps * unit_bps,
        setup_cost=planning.setup_cost,
        modules=tuple((_in_unit(module.capacity_bps, unit_bps), module.cost) for module in planning.modules),
    )


def _snd_demands(scenario: Scenario, nodes: list[str], unit_bps: float, is_native: bool) -> tuple[SndDemand, ...]:
    traffic, name = scenario.traffic, _namer(is_native)
    columns = zip(scenario.demand_ids, traffic.source.tolist(), traffic.target.tolist(), traffic.rate_bps.tolist(), strict=True)
    return tuple(SndDemand(name(own), nodes[source], nodes[target], _in_unit(rate, unit_bps)) for own, source, target, rate in columns)


def _in_unit(rate_bps: float, unit_bps: float) -> float:
    """Without the dust of binary fractions, if it leads back to the same rate."""
    exact = rate_bps / unit_bps
    short = float(f"{exact:.12g}")
    return short if short * unit_bps == rate_bps else exact
