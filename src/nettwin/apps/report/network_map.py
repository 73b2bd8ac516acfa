"""The map's geometry: half links, nodes, labels that do not overlap."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from nettwin.apps.report.layout import Layout
from nettwin.scenario import Link, Topology

_BEND = 14.0
"""Distance between parallel circuits, in drawing units."""
_LETTER, _LINE = 6.2, 13.0
"""Width of a letter and height of a line of labels, in drawing units."""


@dataclass(frozen=True, slots=True)
class HalfLink:
    """One direction of a circuit: drawn from its source to the middle."""

    link: str
    path: str
    middle: tuple[float, float]


@dataclass(frozen=True, slots=True)
class NodeMark:
    """A node and its label; ``anchor`` empty: there is no room for the label."""

    node: str
    label: str
    x: float
    y: float
    label_x: float = 0.0
    label_y: float = 0.0
    anchor: str = ""


def half_links(topology: Topology, drawing: Layout) -> list[HalfLink]:
    """All directions; the two of one circuit meet in the middle, parallel circuits lie beside each other."""
    halves = []
    for lanes in _lanes(topology).values():
        for number, lane in enumerate(lanes):
            bend = (number - (len(lanes) - 1) / 2) * _BEND
            halves += [_half(topology, drawing, link, bend if link.source < link.target else -bend) for link in lane]
    return halves


def _lanes(topology: Topology) -> dict[tuple[str, str], list[list[Link]]]:
    """For each pair of nodes the circuits between them, each with one or two directions."""
    by_pair: dict[tuple[str, str], tuple[list[Link], list[Link]]] = defaultdict(lambda: ([], []))
    for link in sorted(topology.links, key=lambda link: (link.circuit or link.id, link.id)):
        pair = (min(link.source, link.target), max(link.source, link.target))
        by_pair[pair][link.source != pair[0]].append(link)
    return {pair: _paired(there, back) for pair, (there, back) in by_pair.items()}


def _paired(there: list[Link], back: list[Link]) -> list[list[Link]]:
    """Directions of the same circuit together; what is left over pairs up in order."""
    waiting = {link.circuit: link for link in back if link.circuit}
    lanes = [[link, waiting.pop(link.circuit)] if link.circuit in waiting else [link] for link in there]
    rest = [link for link in back if not link.circuit or link.circuit in waiting]
    for lane in lanes:
        if len(lane) == 1 and rest:
            lane.append(rest.pop(0))
    return lanes + [[link] for link in rest]


def _half(topology: Topology, drawing: Layout, link: Link, bend: float) -> HalfLink:
    start, end = (drawing.xy[topology.node_index[name]] for name in (link.source, link.target))
    along = end - start
    across = np.array([-along[1], along[0]]) / max(float(np.hypot(*along)), 1e-9)
    control = (start + end) / 2 + 2 * bend * across
    middle = (start + 2 * control + end) / 4
    first_control = (start + control) / 2
    path = f"M{start[0]:.1f} {start[1]:.1f}Q{first_control[0]:.1f} {first_control[1]:.1f} {middle[0]:.1f} {middle[1]:.1f}"
    return HalfLink(link.id, path, (round(float(middle[0]), 1), round(float(middle[1]), 1)))


def node_marks(topology: Topology, drawing: Layout) -> list[NodeMark]:
    """Nodes, the best connected first, each with its label at a free place if there is one."""
    degree = np.bincount(topology.link_source, minlength=topology.n_nodes)
    taken = [(x - 6, y - 6, x + 6, y + 6) for x, y in drawing.xy.tolist()]
    marks = []
    for index in np.argsort(-degree, kind="stable"):
        node = topology.nodes[index]
        marks.append(_mark(node.id, node.label or node.id, drawing, int(index), taken))
    return marks


def _mark(node: str, label: str, drawing: Layout, index: int, taken: list[tuple[float, float, float, float]]) -> NodeMark:
    x, y = drawing.xy[index].tolist()
    shown = label if len(label) <= 22 else label[:21] + "…"
    width = len(shown) * _LETTER
    places = ((x + 9, y + 4, "start"), (x - 9, y + 4, "end"), (x, y - 10, "middle"), (x, y + 18, "middle"))
    for label_x, label_y, anchor in places:
        left = label_x - {"start": 0, "middle": width / 2, "end": width}[anchor]
        box = (left, label_y - _LINE + 3, left + width, label_y + 3)
        is_inside = box[0] >= 0 and box[2] <= 1000 and box[1] >= 0 and box[3] <= drawing.height
        if is_inside and not any(_overlap(box, other) for other in taken):
            taken.append(box)
            return NodeMark(node, shown, round(x, 1), round(y, 1), round(label_x, 1), round(label_y, 1), anchor)
    return NodeMark(node, shown, round(x, 1), round(y, 1))


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
