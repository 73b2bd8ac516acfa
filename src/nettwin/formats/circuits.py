"""Undirected edges of other people's files <-> the two directed links of a circuit."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nettwin.scenario import Link, LinkPlanning, Topology
from nettwin.scenario.scheduling import Scheduling


@dataclass(frozen=True, slots=True)
class Circuit:
    """An edge as files have it. None: the file does not say."""

    source: str
    target: str
    id: str = ""
    link_id: str = ""
    """Of the one link of a one-way circuit, where the file names it."""
    capacity_bps: float | None = None
    propagation_delay_s: float | None = None
    length_m: float | None = None
    metric: float | None = None
    is_one_way: bool = False
    planning: LinkPlanning = LinkPlanning()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pair:
    """A circuit of a topology: its link, and the one back if there is one."""

    id: str
    forward: Link
    backward: Link | None

    @property
    def is_symmetric(self) -> bool:
        """Whether both directions are there and alike."""
        back = self.backward
        return back is not None and self.forward == replace(
            back, id=self.forward.id, source=back.target, target=back.source, circuit=self.forward.circuit
        )


class Names:
    """Hands out ids; one that is taken gets ``#2``, ``#3``, ... (or another mark)."""

    def __init__(self, mark: str = "#") -> None:
        self._mark = mark
        self._taken: set[str] = set()
        self._next: Counter[str] = Counter()

    def unique(self, wanted: str) -> str:
        name = wanted
        while name in self._taken:
            self._next[wanted] += 1
            name = f"{wanted}{self._mark}{self._next[wanted] + 1}"
        self._taken.add(name)
        return name


def readable_ids(raw: Sequence[str], labels: Sequence[str]) -> tuple[str, ...]:
    """The label where it tells the node from all others; else the raw id."""
    counts, ids = Counter(labels), set(raw)
    if len(counts) == len(labels) and "" not in counts:
        return tuple(labels)
    return tuple(
        label if label and counts[label] == 1 and (label == own or label not in ids) else own
        for own, label in zip(raw, labels, strict=True)
    )


def with_partners(circuits: Sequence[Circuit]) -> list[Circuit]:
    """Gives each one-way circuit without an id, and the next one that runs back (alike ones first), a common id."""
    result, names = list(circuits), Names()
    waiting: dict[tuple[str, str], list[int]] = {}
    for index, circuit in enumerate(circuits):
        if not circuit.is_one_way or circuit.id:
            continue
        back = waiting.get((circuit.target, circuit.source), [])
        if not back:
            waiting.setdefault((circuit.source, circuit.target), []).append(index)
            continue
        partner = next((other for other in back if _alike(circuits[other], circuit)), back[0])
        back.remove(partner)
        name = names.unique(f"{circuit.target}--{circuit.source}")
        result[partner], result[index] = replace(result[partner], id=name), replace(circuit, id=name)
    return result


def _alike(there: Circuit, back: Circuit) -> bool:
    return there == replace(back, source=there.source, target=there.target, id=there.id, link_id=there.link_id)


def links_of(circuits: Sequence[Circuit], scheduling: Scheduling) -> tuple[Link, ...]:
    """Two links, ``A->B`` and ``B->A``, for each circuit ``A--B``; one for a one-way circuit. What is None becomes a default."""
    names = Names()
    links = []
    for circuit, circuit_id in zip(circuits, circuit_ids(circuits), strict=True):
        for source, target in directions(circuit):
            link_id = circuit.link_id or names.unique(f"{source}->{target}")
            links.append(_link(circuit, source, target, link_id, circuit_id, scheduling))
    return tuple(links)


def circuit_ids(circuits: Sequence[Circuit]) -> list[str]:
    """How each circuit is called. A one-way link is on its own unless the file names its circuit, maybe with others."""
    names = Names()
    given = {circuit.id for circuit in circuits if circuit.link_id}
    return [
        circuit.id
        if circuit.id in given or (circuit.is_one_way and not circuit.id)
        else names.unique(circuit.id or f"{circuit.source}--{circuit.target}")
        for circuit in circuits
    ]


def directions(circuit: Circuit) -> tuple[tuple[str, str], ...]:
    """Source and target of each link of a circuit."""
    there = (circuit.source, circuit.target)
    return (there,) if circuit.is_one_way else (there, there[::-1])


def _link(circuit: Circuit, source: str, target: str, link_id: str, name: str, scheduling: Scheduling) -> Link:
    return Link(
        id=link_id,
        source=source,
        target=target,
        capacity_bps=1e9 if circuit.capacity_bps is None else circuit.capacity_bps,
        propagation_delay_s=circuit.propagation_delay_s or 0.0,
        metric=1.0 if circuit.metric is None else circuit.metric,
        scheduling=scheduling,
        circuit=name,
        planning=circuit.planning,
        tags=circuit.tags,
    )


def pairs_of(topology: Topology) -> list[Pair]:
    """The circuits of a topology, for files with undirected edges. Links that do not pair up stand alone."""
    pairs = []
    for name, members in topology.circuits.items():
        links = [topology.links[index] for index in members]
        if len(links) == 2 and (links[0].source, links[0].target) == (links[1].target, links[1].source):
            pairs.append(Pair(name, links[0], links[1]))
        else:
            pairs += [Pair(link.id if len(links) > 1 else name, link, None) for link in links]
    return pairs


def undirected_pairs(topology: Topology) -> list[Pair] | None:
    """The circuits, if undirected edges say all about the links: two like directions each, ids and order as ``links_of`` has them."""
    pairs, names = pairs_of(topology), Names()
    if not all(pair.is_symmetric for pair in pairs):
        return None
    expected = [names.unique(f"{a}->{b}") for pair in pairs for a, b in directions(Circuit(pair.forward.source, pair.forward.target))]
    return pairs if expected == [link.id for link in topology.links] else None
