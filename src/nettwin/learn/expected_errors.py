"""The exponents that make attributes into expected errors: those most likely if errors have a Laplace distribution around nothing."""

from collections.abc import Sequence

import numpy as np

from nettwin.learn.measured_errors import FigureErrors
from nettwin.predict.neural.calibration import LOGARITHMS, first_exponents
from nettwin.scenario.arrays import FloatArray

_ROWS = 300  # of a network: more tell nothing new, for the demands of a network err together
_LEAST_ERROR = 1e-6
_MEAN_OF_NORMAL = np.sqrt(2 / np.pi)  # mean absolute value over the standard deviation
_HOLDING = 1e-3  # how strongly exponents are held at those of the networks' own expectation, in likelihood per squared deviation


def fitted_exponents(figure: str, networks: Sequence[FigureErrors]) -> FloatArray:
    """A constant first, then one per attribute of the figure. Every network weighs alike."""
    from scipy.optimize import minimize

    first = first_exponents(figure)
    parts = [one.at_most(_ROWS) for one in networks if len(one.error)]
    if sum(len(part.error) for part in parts) < 10 * len(first):
        return first
    rows = np.concatenate([part.attributes for part in parts])
    matrix = np.concatenate([np.ones((len(rows), 1)), rows], axis=1)
    error = np.maximum(np.concatenate([part.error for part in parts]), _LEAST_ERROR)
    noise = _MEAN_OF_NORMAL * np.concatenate([part.noise for part in parts])
    weight = np.concatenate([np.full(len(part.error), 1 / len(part.error)) for part in parts]) / len(parts)
    hold = _HOLDING * matrix.std(axis=0) ** 2

    def unlikely(exponents: FloatArray) -> tuple[float, FloatArray]:
        """Negative logarithm of the likelihood, and its gradient."""
        own = np.exp(np.clip(matrix @ exponents, *LOGARITHMS))
        scale = np.hypot(own, noise)
        slope = weight * (1 / scale - error / scale**2) * own**2 / scale
        moved = exponents - first
        value = float((weight * (error / scale + np.log(scale))).sum() + (hold * moved**2).sum())
        return value, slope @ matrix + 2 * hold * moved

    return np.asarray(minimize(unlikely, first, jac=True, method="L-BFGS-B", options={"maxiter": 300}).x)
