"""A Graph as tensors, hops sorted by their position on the path.

Paths are sorted by length, longest first. The hops at position k then belong to the first ``n_at[k]`` paths, in order, so one step of
a recurrent network over all paths is one matrix product without padding or masks.
"""

from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from nettwin.predict.neural.graph import Graph, Physics


@dataclass(frozen=True, eq=False)
class TensorPhysics:
    """As ``Physics``; hops and paths in the order of the batch."""

    path_fixed: Tensor
    hop_wait: Tensor
    hop_variance: Tensor
    hop_unit: Tensor
    hop_loss_logit: Tensor
    hop_room: Tensor
    demand_size_variance: Tensor
    demand_ipdv: Tensor
    demand_floor: Tensor
    demand_quantiles: Tensor
    demand_packet_rate: Tensor


@dataclass(frozen=True, eq=False)
class Batch:
    """One or many graphs for the network."""

    queue_plain: Tensor  # [queue, feature]
    queue_theory: Tensor
    queue_correctable: Tensor  # [queue]
    queue_link: Tensor  # [queue]
    n_links: int
    pair_queue: Tensor  # [pair] queues of one port, each with each other
    pair_other: Tensor  # [pair]
    hop_plain: Tensor  # [hop, feature]
    hop_theory: Tensor
    hop_queue: Tensor  # [hop]
    hop_path: Tensor  # [hop] row of the sorted paths
    hop_weight: Tensor  # [hop]
    n_at: tuple[int, ...]  # paths with a hop at each position
    path_demand: Tensor  # [path]
    path_share: Tensor  # [path]
    demand_plain: Tensor  # [demand, feature]
    demand_theory: Tensor
    physics: TensorPhysics
    hop_order: np.ndarray  # [hop] row in the routing of each hop of the batch
    path_order: np.ndarray  # [path] likewise

    @property
    def n_queues(self) -> int:
        return len(self.queue_link)

    @property
    def n_paths(self) -> int:
        return len(self.path_demand)

    @property
    def n_demands(self) -> int:
        return len(self.demand_plain)


def batch_of(graph: Graph, device: str = "cpu") -> Batch:
    """Sorts and converts."""
    order = np.argsort(-graph.path_length, kind="stable")
    length = graph.path_length[order]
    start = np.concatenate([[0], np.cumsum(graph.path_length)])[:-1][order]
    n_at = tuple(int(np.searchsorted(-length, -k, side="left")) for k in range(int(length.max(initial=0))))
    hop_order = np.concatenate([start[:n] + k for k, n in enumerate(n_at)]) if n_at else np.zeros(0, dtype=np.int64)
    hop_path = np.concatenate([np.arange(n) for n in n_at]) if n_at else np.zeros(0, dtype=np.int64)

    def tensor(values: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(device)

    pairs = neighbors(graph.queue_link)
    physics = {f.name: getattr(graph.physics, f.name) for f in fields(Physics) if f.name != "reference_s"}
    rows = {"hop": hop_order, "path": order}
    return Batch(
        queue_plain=tensor(graph.queue_plain),
        queue_theory=tensor(graph.queue_theory),
        queue_correctable=tensor(graph.queue_correctable),
        queue_link=tensor(graph.queue_link),
        n_links=graph.n_links,
        pair_queue=tensor(pairs[0]),
        pair_other=tensor(pairs[1]),
        hop_plain=tensor(graph.hop_plain[hop_order]),
        hop_theory=tensor(graph.hop_theory[hop_order]),
        hop_queue=tensor(graph.hop_queue[hop_order]),
        hop_path=tensor(hop_path),
        hop_weight=tensor(graph.hop_weight[hop_order]),
        n_at=n_at,
        path_demand=tensor(graph.path_demand[order]),
        path_share=tensor(graph.path_share[order]),
        demand_plain=tensor(graph.demand_plain),
        demand_theory=tensor(graph.demand_theory),
        physics=TensorPhysics(
            **{name: tensor(values[rows[name.split("_")[0]]] if name.split("_")[0] in rows else values) for name, values in physics.items()}
        ),
        hop_order=hop_order,
        path_order=order,
    )


def neighbors(queue_link: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every queue with every other one of its port; the queues of a port stand together."""
    ones, others = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for distance in range(1, int(np.bincount(queue_link).max(initial=1)) if len(queue_link) else 1):
        first = np.flatnonzero(queue_link[distance:] == queue_link[:-distance])
        ones += [first, first + distance]
        others += [first + distance, first]
    return np.concatenate(ones), np.concatenate(others)


def sums(values: Tensor, group: Tensor, n_groups: int) -> Tensor:
    """Sums by group of values [..., row]."""
    return values.new_zeros((*values.shape[:-1], n_groups)).index_add(-1, group, values)


def row_sums(rows: Tensor, group: Tensor, n_groups: int) -> Tensor:
    """Sums by group of rows [..., row, column]."""
    return rows.new_zeros((*rows.shape[:-2], n_groups, rows.shape[-1])).index_add(-2, group, rows)


def rows_at(rows: Tensor, index: Tensor) -> Tensor:
    """Rows [..., row, column] in another order."""
    return rows.index_select(-2, index)


def rows_between(rows: Tensor, low: int, high: int) -> Tensor:
    """Neighbouring rows of [..., row, column]."""
    return rows.narrow(-2, low, high - low)
