"""From expected errors to intervals that hold as often as they say: split conformal prediction.

The score of a measured figure is its error over the expected one; the factor of a group (size of the network, largest load on the
demand's paths) is the quantile of the scores of calibration networks in that group. Vovk, Gammerman & Shafer, "Algorithmic Learning
in a Random World", 2005; groups: Mondrian conformal prediction, there, 4.5.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from nettwin.predict.neural.arrays import NUMPY, Arrays, Column
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
        return np.asarray(self.at(figure, coverage)[group])

    def at(self, figure: str, coverage: float) -> FloatArray:  # [group]
        """The factors of all groups at one coverage, between the known ones on straight lines."""
        table = self.factors[figure].reshape(-1, len(COVERAGES))
        upper = min(max(int(np.searchsorted(COVERAGES, coverage, side="right")), 1), len(COVERAGES) - 1)
        part = (min(max(coverage, COVERAGES[0]), COVERAGES[-1]) - COVERAGES[upper - 1]) / (COVERAGES[upper] - COVERAGES[upper - 1])
        return np.asarray(table[:, upper - 1] + part * (table[:, upper] - table[:, upper - 1]))

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


def groups(n_nodes: Column, load: Column, xp: Arrays = NUMPY) -> Column:  # [row]
    """The group of each row in the flattened table of factors, from the nodes of its network and the load of its ports."""
    size = xp.places(SIZE_EDGES, n_nodes, is_inside=False)
    return size * (len(LOAD_EDGES) + 1) + xp.places(LOAD_EDGES, load, is_inside=True)
