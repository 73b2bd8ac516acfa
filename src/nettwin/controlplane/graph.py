"""A topology as arrays for shortest paths: which links leave each node, what they cost, which of them work."""

from dataclasses import dataclass

import numpy as np

from nettwin.errors import ScenarioError
from nettwin.scenario import Topology
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray, frozen

ROUNDING_TOLERANCE = 1e-12
"""Relative difference below which sums of fractional metrics count as equal: far above rounding, far below any real difference."""


@dataclass(frozen=True, eq=False)
class LinkGraph:
    """Links as columns, with the links that leave a node side by side in the order of their ids."""

    n_nodes: int
    source: IntArray  # [link]
    target: IntArray  # [link]
    metric: FloatArray  # [link]
    is_up: BoolArray  # [link]
    out_offsets: IntArray  # [node + 1]
    out_links: IntArray  # [link] link indices, node by node
    in_offsets: IntArray  # [node + 1]
    in_links: IntArray  # [link]

    @property
    def n_links(self) -> int:
        return len(self.source)

    @property
    def tolerance(self) -> float:
        """Relative tolerance for equal cost: none for whole metrics, whose sums are exact."""
        is_exact = bool(np.all(self.metric == np.floor(self.metric))) and float(self.metric.sum()) < 2**53
        return 0.0 if is_exact else ROUNDING_TOLERANCE

    @classmethod
    def of(cls, topology: Topology) -> "LinkGraph":
        _check_metrics(topology)
        by_id = sorted(range(topology.n_links), key=lambda index: topology.links[index].id)
        out_offsets, out_links = _grouped(topology.link_source, by_id, topology.n_nodes)
        in_offsets, in_links = _grouped(topology.link_target, by_id, topology.n_nodes)
        return cls(
            n_nodes=topology.n_nodes,
            source=topology.link_source,
            target=topology.link_target,
            metric=topology.metric,
            is_up=topology.link_is_up,
            out_offsets=out_offsets,
            out_links=out_links,
            in_offsets=in_offsets,
            in_links=in_links,
        )


def _grouped(node: IntArray, order: list[int], n_nodes: int) -> tuple[IntArray, IntArray]:
    ordered = np.array(order, dtype=np.int32)
    grouped = ordered[np.argsort(node[ordered], kind="stable")]
    counts = np.bincount(node, minlength=n_nodes)
    return frozen(np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)), frozen(grouped)


def _check_metrics(topology: Topology) -> None:
    if topology.n_links == 0:
        return
    smallest, longest = float(topology.metric.min()), float(topology.metric.max()) * topology.n_nodes
    if smallest < longest * 2**-52:
        index = int(np.argmin(topology.metric))
        raise ScenarioError(
            f"metric {smallest:g} is lost in rounding beside {longest / topology.n_nodes:g}",
            where=f"link {topology.links[index].id!r}",
            hint="bring the metrics closer together",
        )
