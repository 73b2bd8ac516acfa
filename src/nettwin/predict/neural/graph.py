"""A scenario as numbers for a neural network: features without units, and the physics that they correct.

Everything is a ratio, so that a network of 300 nodes and Tbit/s looks like one of ten nodes and kbit/s: loads, shares of a queue's
load, times in packet times of the queue, delays relative to a reference delay of the demand.
"""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Physics:
    """What the theory says, relative to each demand's ``reference_s`` where it is a time (variances: to its square)."""

    reference_s: npt.NDArray[np.float64]  # [demand]
    path_fixed: Floats  # [path] propagation + transmission of the delivered packets
    hop_wait: Floats  # [hop] mean wait by theory
    hop_variance: Floats  # [hop] of the wait by theory
    hop_unit: Floats  # [hop] packet time of the queue
    hop_loss_logit: Floats  # [hop] log odds that a packet is lost, by theory
    hop_room: Floats  # [hop] wait that a full buffer allows at most
    demand_size_variance: Floats  # [demand] of transmission, from the sizes of packets
    demand_ipdv: Floats  # [demand] by theory
    demand_floor: Floats  # [demand] least delay: the smallest packet without any wait
    demand_quantiles: Floats  # [demand, level] by theory
    demand_packet_rate: Floats  # [demand] packets/s


@dataclass(frozen=True, eq=False)
class Graph:
    """One scenario, or several side by side. Hops are in the order of the routing."""

    queue_plain: Floats  # [queue, feature] what the scenario itself says
    queue_theory: Floats  # [queue, feature] what queueing theory adds
    queue_correctable: Floats  # [queue] how far corrections learned on small networks apply: less where many share long ways
    queue_link: Ints  # [queue]
    n_links: int
    hop_plain: Floats  # [hop, feature]
    hop_theory: Floats  # [hop, feature]
    hop_queue: Ints  # [hop]
    hop_weight: Floats  # [hop] share of the offered load of its queue
    path_length: Ints  # [path] hops
    path_demand: Ints  # [path]
    path_share: Floats  # [path]
    demand_plain: Floats  # [demand, feature]
    demand_theory: Floats  # [demand, feature]
    physics: Physics

    @property
    def n_queues(self) -> int:
        return len(self.queue_link)

    @property
    def n_demands(self) -> int:
        return len(self.demand_plain)

    @property
    def n_paths(self) -> int:
        return len(self.path_length)

    @property
    def n_hops(self) -> int:
        return len(self.hop_queue)


def union(graphs: "list[Graph]") -> Graph:
    """Several graphs as one, without anything between them."""
    if len(graphs) == 1:
        return graphs[0]
    shifts = {"queue_link": _starts(g.n_links for g in graphs), "hop_queue": _starts(g.n_queues for g in graphs)}
    shifts["path_demand"] = _starts(g.n_demands for g in graphs)
    columns = {}
    for f in fields(Graph):
        parts = [getattr(g, f.name) for g in graphs]
        if f.name == "n_links":
            columns[f.name] = sum(parts)
        elif f.name == "physics":
            columns[f.name] = Physics(**{p.name: np.concatenate([getattr(x, p.name) for x in parts]) for p in fields(Physics)})
        else:
            moved = [part + shift for part, shift in zip(parts, shifts[f.name], strict=True)] if f.name in shifts else parts
            columns[f.name] = np.concatenate(moved)
    return Graph(**columns)


def _starts(counts: "object") -> list[int]:
    return np.concatenate([[0], np.cumsum(list(counts))])[:-1].tolist()  # type: ignore[call-overload, no-any-return]
