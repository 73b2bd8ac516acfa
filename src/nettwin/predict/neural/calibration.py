"""From expected errors to intervals that hold as often as they say: split conformal prediction.

The score of a measured figure is its error over the expected one; the factor of a group (size of the network, largest load on the
demand's paths) is the quantile of the scores of calibration networks in that group. Vovk, Gammerman & Shafer, "Algorithmic Learning
in a Random World", 2005; groups: Mondrian conformal prediction, there, 4.5.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from nettwin.scenario.arrays import FloatArray, IntArray

SIZE_EDGES = (20, 60)
"""Nodes: up to 20, up to 60, more."""
LOAD_EDGES = (0.5, 0.65, 0.8, 0.9, 1.0)
"""Largest offered load of a port on the paths of a demand, or of the queue's port."""
COVERAGES = (0.5, 0.8, 0.9, 0.95, 0.99)
DEMAND_FIGURES = ("delay", "variation", "quantiles", "ipdv", "loss")
QUEUE_FIGURES = ("queue_delay", "queue_loss")


@dataclass(frozen=True, eq=False)
class Calibration:
    """Factors by figure: [size, load, coverage]."""

    factors: dict[str, FloatArray]

    def factor(self, figure: str, group: IntArray, coverage: float) -> FloatArray:  # [row]
        """How many expected errors an interval of this coverage reaches, by group (``groups``)."""
        table = self.factors[figure].reshape(-1, len(COVERAGES))
        by_group = np.array([np.interp(coverage, COVERAGES, row) for row in table])
        return np.asarray(by_group[group])

    def to_dict(self) -> dict[str, Any]:
        return {figure: np.round(table, 4).tolist() for figure, table in self.factors.items()}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> "Calibration":
        shape = (len(SIZE_EDGES) + 1, len(LOAD_EDGES) + 1, len(COVERAGES))
        return cls({figure: np.array(table, dtype=np.float64).reshape(shape) for figure, table in plain.items()})

    @classmethod
    def none(cls) -> "Calibration":
        """As if errors had a Laplace distribution with the expected error as their scale."""
        one = np.broadcast_to(-np.log1p(-np.array(COVERAGES)), (len(SIZE_EDGES) + 1, len(LOAD_EDGES) + 1, len(COVERAGES)))
        return cls(dict.fromkeys((*DEMAND_FIGURES, *QUEUE_FIGURES), one))


def groups(n_nodes: IntArray, load: FloatArray) -> IntArray:  # [row]
    """The group of each row in the flattened table of factors, from the nodes of its network and the load of its ports."""
    size = np.searchsorted(SIZE_EDGES, n_nodes)
    return np.asarray(size * (len(LOAD_EDGES) + 1) + np.searchsorted(LOAD_EDGES, load, side="right"), dtype=np.int64)
