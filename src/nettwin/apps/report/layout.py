"""Where nodes are drawn: by their positions if they have any, otherwise by a force layout."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nettwin.scenario import Topology

WIDTH = 1000.0
_MARGIN = 60.0
_HEIGHTS = (420.0, 760.0)
_APART = 16.0
"""Nodes closer than this on the drawing are pushed apart."""
_EMPTY_SHARE = 0.18
"""A stretch without nodes takes at most this share of the width or height: one node across an ocean must not flatten a continent."""


@dataclass(frozen=True, eq=False)
class Layout:
    """A drawing's size and the place of each node on it."""

    xy: np.ndarray  # [node, 2] y downwards
    height: float
    is_geographic: bool
    grid: tuple[tuple[str, float, bool], ...] = ()
    """Meridians and parallels: label, coordinate, whether it is vertical."""


def layout(topology: Topology) -> Layout:
    """A place for every node."""
    placed = [node.position for node in topology.nodes]
    n_placed = sum(position is not None for position in placed)
    if n_placed * 2 <= len(placed) or len({position for position in placed if position}) < 2:
        return schematic(topology)
    plane = np.array([position or (math.nan, math.nan) for position in placed], dtype=float)
    is_geographic = bool(np.nanmax(np.abs(plane[:, 0])) <= 180 and np.nanmax(np.abs(plane[:, 1])) <= 85)
    projected = _mercator(plane) if is_geographic else plane * (1, -1)
    return _fitted(_filled_in(projected, topology), is_geographic=is_geographic)


def schematic(topology: Topology) -> Layout:
    """A place for every node as the links pull them, whatever its position."""
    return _fitted(_force_layout(topology), is_geographic=False)


def _mercator(plane: np.ndarray) -> np.ndarray:
    return np.column_stack([np.radians(plane[:, 0]), -_mercator_y(plane[:, 1])])


def _mercator_y(latitude: np.ndarray) -> np.ndarray:
    return np.asarray(np.arcsinh(np.tan(np.radians(latitude))))


def _filled_in(xy: np.ndarray, topology: Topology) -> np.ndarray:
    """Nodes without a position go to the middle of their neighbours."""
    xy = xy.copy()
    is_known = np.isfinite(xy).all(axis=1)
    center = xy[is_known].mean(axis=0)
    for node in np.flatnonzero(~is_known):
        near = np.concatenate([topology.link_target[topology.link_source == node], topology.link_source[topology.link_target == node]])
        near = near[is_known[near]]
        xy[node] = xy[near].mean(axis=0) if len(near) else center
    return xy


def _force_layout(topology: Topology) -> np.ndarray:
    import networkx as nx

    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(topology.n_nodes))
    graph.add_edges_from(zip(topology.link_source.tolist(), topology.link_target.tolist(), strict=True))
    is_small = topology.n_nodes <= 150 and topology.n_nodes > 2 and nx.is_connected(graph)
    places = nx.kamada_kawai_layout(graph) if is_small else nx.spring_layout(graph, seed=1, iterations=60)
    return np.array([places[node] for node in range(topology.n_nodes)], dtype=float)


def _fitted(xy: np.ndarray, *, is_geographic: bool) -> Layout:
    axes = [_Axis.of(xy[:, k]) for k in (0, 1)]
    dense = np.column_stack([axis.shortened(xy[:, k]) for k, axis in enumerate(axes)])
    low, span = dense.min(axis=0), np.maximum(np.ptp(dense, axis=0), 1e-9)
    height = float(np.clip((WIDTH - 2 * _MARGIN) * span[1] / span[0] + 2 * _MARGIN, *_HEIGHTS))
    scale = min((WIDTH - 2 * _MARGIN) / span[0], (height - 2 * _MARGIN) / span[1])
    offset = (np.array([WIDTH, height]) - span * scale) / 2 - low * scale
    drawn = np.clip(_spread(dense * scale + offset), 12, (WIDTH - 12, height - 12))
    if not is_geographic:
        return Layout(drawn, height, is_geographic)
    grid = _grid(lambda values, k: axes[k].shortened(values) * scale + offset[k], xy, height)
    return Layout(drawn, height, is_geographic, grid)


@dataclass(frozen=True, eq=False)
class _Axis:
    """Shortens stretches without nodes; linear between the nodes, so meridians keep their order."""

    knots: np.ndarray
    places: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> "_Axis":
        knots = np.unique(values)
        if len(knots) < 2:
            return cls(np.append(knots, knots + 1), np.array([0.0, 1.0]))
        gaps = np.diff(knots)
        share = max(_EMPTY_SHARE, 1.5 / len(gaps))
        for _ in range(20):  # what is cut off one gap makes the others a larger share
            gaps = np.minimum(gaps, share * gaps.sum())
        return cls(knots, np.concatenate([[0.0], np.cumsum(gaps)]))

    def shortened(self, values: np.ndarray) -> np.ndarray:
        inside = np.interp(values, self.knots, self.places)
        below, above = np.minimum(values - self.knots[0], 0), np.maximum(values - self.knots[-1], 0)
        return np.asarray(inside + below + above)


def _spread(xy: np.ndarray) -> np.ndarray:
    """Push nodes apart that would lie on each other; the direction of coinciding ones is fixed by their number."""
    if len(xy) > 1500:
        return xy
    xy = xy + 0.01 * np.column_stack([np.cos(np.arange(len(xy))), np.sin(np.arange(len(xy)))])
    for _ in range(30):
        gap = xy[:, None] - xy[None, :]
        distance = np.hypot(gap[..., 0], gap[..., 1])
        np.fill_diagonal(distance, np.inf)
        push = np.clip(_APART - distance, 0, None) / 2
        if not push.any():
            break
        xy = xy + (gap / distance[..., None] * push[..., None]).sum(axis=1)
    return xy


def _grid(drawn: Callable[[np.ndarray, int], np.ndarray], xy: np.ndarray, height: float) -> tuple[tuple[str, float, bool], ...]:
    """Meridians and parallels at round degrees that are visible, some ten across the width."""
    west, east = np.degrees(xy[:, 0].min()), np.degrees(xy[:, 0].max())
    step = next((s for s in (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30) if (east - west) / s <= 12), 60)
    longitudes, latitudes = np.arange(-180, 180 + step, step), np.arange(-80, 80 + step, step)
    lines = [(_degrees(degrees, "E", "W"), float(x), True) for degrees, x in _pairs(longitudes, drawn(np.radians(longitudes), 0))]
    lines += [(_degrees(degrees, "N", "S"), float(y), False) for degrees, y in _pairs(latitudes, drawn(-_mercator_y(latitudes), 1))]
    visible = [line for line in lines if 0 < line[1] < (WIDTH if line[2] else height)]
    return tuple(
        (label if _has_room(visible[:i], at, is_vertical) else "", at, is_vertical) for i, (label, at, is_vertical) in enumerate(visible)
    )


def _has_room(earlier: "list[tuple[str, float, bool]]", at: float, is_vertical: bool) -> bool:
    """Whether a label fits beside the line before it."""
    return not any(other[2] == is_vertical and abs(other[1] - at) < (44 if is_vertical else 14) for other in earlier)


def _pairs(degrees: np.ndarray, places: np.ndarray) -> "zip[tuple[float, float]]":
    return zip(degrees.tolist(), places.tolist(), strict=True)


def _degrees(value: float, positive: str, negative: str) -> str:
    rounded = round(float(value), 1)
    return f"{abs(rounded):g}° {positive if rounded >= 0 else negative}".strip()
