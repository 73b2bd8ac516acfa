"""A nettwin document -> a scenario."""

from dataclasses import dataclass
from typing import Any

from nettwin.errors import FormatError, ScenarioError, UnknownNameError
from nettwin.formats.coverage import CoverageLog
from nettwin.formats.yaml.demands import traffic_of
from nettwin.formats.yaml.names import Names
from nettwin.formats.yaml.parts import plain_of
from nettwin.formats.yaml.places import Places
from nettwin.formats.yaml.policy import policy_of
from nettwin.formats.yaml.profiles import SCHEDULING, Profiles
from nettwin.formats.yaml.schema import Document, LinkPart
from nettwin.scenario import Link, Node, Observation, Scenario, Scheduling, Topology
from nettwin.scenario.plain import from_plain
from nettwin.scenario.planning import LinkPlanning


def scenario_of(document: Document, places: Places, log: CoverageLog) -> Scenario:
    """The scenario that a document describes. Raises InputError with the place of what is wrong."""
    topology = _topology(document, places, log)
    traffic = traffic_of(document, topology, places, log)
    if document.timeline is not None:
        log.ignored("timeline", places.of("timeline"), "a scenario has no time; nettwin.formats.yaml.read_timeline reads it")
    bare = Scenario(topology, traffic)
    with places.at("observation"):
        observation = from_plain(Observation, plain_of(document.observation or {}))
    return Scenario(topology, traffic, policy_of(document, bare, places), observation, document.name, document.description)


def _topology(document: Document, places: Places, log: CoverageLog) -> Topology:
    nodes = _nodes(document, places)
    links = _Links(document, places, {node.id for node in nodes})
    topology = Topology(nodes, tuple(link for index in range(len(document.links)) for link in links.at(index)), dict(document.metadata))
    log.modelled("nodes", count=len(nodes))
    log.modelled("links", count=topology.n_links)
    links.scheduling.log_unused(log, places)
    return topology


def _nodes(document: Document, places: Places) -> tuple[Node, ...]:
    nodes: dict[str, Node] = {}
    for index, part in enumerate(document.nodes):
        with places.at("nodes", index):
            node = Node(part) if isinstance(part, str) else from_plain(Node, plain_of(part))
            if node.id in nodes:
                raise ScenarioError(f"the node {node.id!r} stands twice", hint="node ids are unique")
            nodes[node.id] = node
    return tuple(nodes.values())


@dataclass(frozen=True)
class _Direction:
    """One link to be: its ends and its names."""

    source: str
    target: str
    id: str
    circuit: str


class _Links:
    """Makes links from parts; keeps the ids that are taken."""

    def __init__(self, document: Document, places: Places, nodes: set[str]) -> None:
        self._document, self._places, self._nodes = document, places, nodes
        self._link_names, self._circuit_names = Names("link"), Names("circuit")
        self.scheduling: Profiles[Scheduling] = Profiles("scheduling", Scheduling, SCHEDULING)
        self.scheduling.define(document.scheduling, places)

    def at(self, index: int) -> list[Link]:
        """The one or two links of a part."""
        part = self._document.links[index]
        with self._places.at("links", index):
            attributes = self._attributes(part)
            directions = self._both(part) if part.ends is not None else [self._one(part)]
            return [Link(**vars(direction), **attributes) for direction in directions]

    def _both(self, part: LinkPart) -> list[_Direction]:
        for name in ("source", "target", "circuit"):
            if getattr(part, name) is not None:
                raise FormatError(f"both ends and {name} are given", hint="ends for a cable, or source and target for one direction")
        a, b = self._known(part.ends or ())
        circuit = self._circuit_names.take(part.id) if part.id else self._circuit_names.new(f"{a}--{b}")
        there, back = part.link_ids or (None, None)
        first = self._link_name(there, a, b)
        return [_Direction(a, b, first, circuit), _Direction(b, a, self._link_name(back, b, a), circuit)]

    def _one(self, part: LinkPart) -> _Direction:
        if part.source is None or part.target is None:
            raise FormatError("its ends are missing", hint="ends: [A, B] for both directions, or source and target for one")
        if part.link_ids is not None:
            raise FormatError("link_ids without ends", hint="one direction has an id")
        source, target = self._known((part.source, part.target))
        return _Direction(source, target, self._link_name(part.id, source, target), part.circuit or "")

    def _link_name(self, given: str | None, source: str, target: str) -> str:
        return self._link_names.take(given) if given else self._link_names.new(f"{source}->{target}")

    def _known(self, ends: tuple[str, ...]) -> tuple[str, ...]:
        for end in ends:
            if end not in self._nodes:
                raise UnknownNameError.among("node", end, sorted(self._nodes))
        return ends

    def _attributes(self, part: LinkPart) -> dict[str, Any]:
        defaults = self._document.defaults.link
        names = ("capacity_bps", "propagation_delay_s", "metric", "scheduling", "risk_groups", "tags", "is_up", "planning")
        given = {name: getattr(part, name) for name in names}
        given = {name: getattr(defaults, name, None) if value is None else value for name, value in given.items()}
        given = {name: value for name, value in given.items() if value is not None}
        if "capacity_bps" not in given:
            raise FormatError("capacity_bps is missing", hint="give it here, or under defaults: link:")
        if "scheduling" in given:
            given["scheduling"] = self.scheduling.resolve(given["scheduling"])
        if "planning" in given:
            given["planning"] = from_plain(LinkPlanning, plain_of(given["planning"]))
        return given
