"""From expected errors to intervals that hold as often as they say: conformal prediction with scores of their own scale.

The expected error of a figure is a product of powers of its attributes (``attributes``), the first of which is what the networks expect;
the exponents are those most likely under a Laplace distribution of the errors. The score of a measured figure is its error over the
expected one; the factor of a group (size of the network, largest load) is the quantile of the scores of calibration networks in that
group, each scored with exponents that other networks were asked for. Normalised scores: Papadopoulos & Haralambous, "Reliable prediction
intervals with regression neural networks", 2011; groups: Mondrian conformal prediction, Vovk, Gammerman & Shafer, "Algorithmic Learning
in a Random World", 2005, 4.5; scoring by other networks: Vovk, "Cross-conformal predictors", 2015.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from nettwin.performance import QUANTILE_LEVELS
from nettwin.predict.neural.arrays import NUMPY, Arrays, Column
from nettwin.predict.neural.attributes import DEMAND_ATTRIBUTES, QUEUE_ATTRIBUTES
from nettwin.scenario.arrays import FloatArray

SIZE_EDGES = (20, 60)
"""Nodes: up to 20, up to 60, more."""
LOAD_EDGES = (0.8, 1.0)
"""Largest offered load of a port on the paths of a demand, or of the queue's port."""
COVERAGES = (0.5, 0.8, 0.9, 0.95, 0.99)
QUANTILES = tuple(f"p{100 * level:g}" for level in QUANTILE_LEVELS)
DEMAND_FIGURES = ("delay", "variation", "ipdv", "loss", *QUANTILES)
QUEUE_FIGURES = ("queue_delay", "queue_occupancy", "queue_loss", "queue_utilization")
LINK_FIGURES = ("link_loss", "link_utilization")
NOISE = {"delay": 1.0, "variation": 2.3, "ipdv": 2.7} | dict(zip(QUANTILES, (1.1, 1.1, 1.1, 1.1, 1.3, 1.6, 2.7, 6.4), strict=True))
"""Relative standard error of a measured figure over that of the mean delay: medians over 9 networks of ours, each simulated twice."""
NOISE_TAKEN_OUT = 0.5
"""Share of the variance of label noise that intervals need not cover, for they are for what is measured, with less noise than that of our
own simulations ..."""
CHANCE_ADDED = 0.85
"""... and share of the variance of a finite observation's chance that is added to them. Both, and the edges of loads, were chosen on the
recordings of datanet2022 with 50 and 75 nodes."""
LOGARITHMS = (-12.0, 2.0)
"""Least and largest logarithm of an expected error."""
_SHAPE = (len(SIZE_EDGES) + 1, len(LOAD_EDGES) + 1, len(COVERAGES))


def attributes_of(figure: str) -> tuple[str, ...]:
    """What the expected error of a figure depends on."""
    return DEMAND_ATTRIBUTES if figure in DEMAND_FIGURES else QUEUE_ATTRIBUTES


@dataclass(frozen=True, eq=False)
class Calibration:
    """By figure: factors [size, load, coverage]; exponents, a constant first, then in the order of the figure's attributes."""

    factors: dict[str, FloatArray]
    exponents: dict[str, FloatArray]

    def expected(self, figure: str, attributes: Mapping[str, Column], xp: Arrays = NUMPY) -> Column:  # [row]
        """Expected error: of a logarithm; of a loss: of its square root."""
        return expected_error(self.exponents[figure], [attributes[name] for name in attributes_of(figure)], xp)

    def reach(self, figure: str, attributes: Mapping[str, Column], group: Column, coverage: float, xp: Arrays = NUMPY) -> Column:  # [row]
        """How far an interval of this coverage reaches."""
        return xp.rows(self.at(figure, coverage), group) * self.expected(figure, attributes, xp)

    def at(self, figure: str, coverage: float) -> FloatArray:  # [group]
        """How many expected errors an interval of this coverage reaches, by group (``groups``); straight lines between known ones."""
        table = self.factors[figure].reshape(-1, len(COVERAGES))
        upper = min(max(int(np.searchsorted(COVERAGES, coverage, side="right")), 1), len(COVERAGES) - 1)
        part = (min(max(coverage, COVERAGES[0]), COVERAGES[-1]) - COVERAGES[upper - 1]) / (COVERAGES[upper] - COVERAGES[upper - 1])
        return np.asarray(table[:, upper - 1] + part * (table[:, upper] - table[:, upper - 1]))

    def to_dict(self) -> dict[str, Any]:
        return {
            figure: {"exponents": np.round(self.exponents[figure], 4).tolist(), "factors": np.round(table, 4).tolist()}
            for figure, table in self.factors.items()
        }

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> "Calibration":
        """Raises KeyError, TypeError or ValueError where it is none."""
        factors = {figure: np.array(plain[figure]["factors"], dtype=np.float64).reshape(_SHAPE) for figure in _ALL_FIGURES}
        exponents = {figure: np.array(plain[figure]["exponents"], dtype=np.float64) for figure in _ALL_FIGURES}
        if any(len(values) != 1 + len(attributes_of(figure)) for figure, values in exponents.items()):
            raise ValueError("exponents for other attributes than those known")
        return cls(factors, exponents)

    @classmethod
    def none(cls) -> "Calibration":
        """As if errors had a Laplace distribution with the error that the networks expect as their scale."""
        factors = np.broadcast_to(-np.log1p(-np.array(COVERAGES)), _SHAPE)
        return cls(dict.fromkeys(_ALL_FIGURES, factors), {figure: first_exponents(figure) for figure in _ALL_FIGURES})


_ALL_FIGURES = (*DEMAND_FIGURES, *QUEUE_FIGURES, *LINK_FIGURES)


def first_exponents(figure: str) -> FloatArray:
    """1 for what the networks expect of the figure, else 0."""
    names = attributes_of(figure)
    expected = "expected" if figure in DEMAND_FIGURES else f"{'delay' if figure in QUEUE_FIGURES[:2] else 'loss'} expected"
    return np.array([0.0, *(float(name == expected) for name in names)])


def expected_error(exponents: FloatArray, columns: list[Column], xp: Arrays = NUMPY) -> Column:  # [row]
    """The product of powers, in the logarithm a sum."""
    total = float(exponents[0]) + float(exponents[1]) * columns[0]
    for exponent, column in zip(exponents[2:].tolist(), columns[1:], strict=True):
        total = total + exponent * column
    return xp.exp(xp.between(total, *LOGARITHMS))


def deviations(coverage: float) -> float:
    """How many standard deviations of chance an interval of this coverage holds on either side."""
    return NormalDist().inv_cdf(0.5 + coverage / 2)


def groups(n_nodes: Column, load: Column, xp: Arrays = NUMPY) -> Column:  # [row]
    """The group of each row in the flattened table of factors, from the nodes of its network and the load of its ports."""
    size = xp.places(SIZE_EDGES, n_nodes, is_inside=False)
    return size * (len(LOAD_EDGES) + 1) + xp.places(LOAD_EDGES, load, is_inside=True)
