"""How good a model is on a set of examples, in the figures that are watched during training."""

from dataclasses import dataclass

import numpy as np
import torch

from nettwin.learn.examples import Example
from nettwin.performance.error_measures import mean_of_known
from nettwin.predict.neural.batch import batch_of
from nettwin.predict.neural.model import TwinModel


@dataclass(frozen=True, slots=True)
class Scores:
    """Means over examples; the first three are mean absolute percentage errors, as ratios."""

    delay: float
    variation: float
    p90: float
    ipdv: float
    loss: float
    """Mean absolute error."""
    prior_delay: float
    """Of the theory that the model corrects."""
    prior_variation: float

    @property
    def overall(self) -> float:
        """What early stopping looks at."""
        return self.delay + 0.3 * self.variation + 0.3 * self.p90 + 0.1 * self.ipdv + 2 * self.loss


def scores_of(model: TwinModel, examples: list[Example], device: str = "cpu") -> Scores:
    """Scores of a model on examples."""
    model.eval()
    with torch.no_grad():
        rows = [_one(model, example, device) for example in examples]
    model.train()
    return Scores(*(mean_of_known(column) for column in zip(*rows, strict=True)))


def _one(model: TwinModel, example: Example, device: str) -> list[float]:
    labels, graph = example.labels, example.graph
    out = model(batch_of(graph, device))
    known = np.isfinite(labels.delay) & (labels.delay > 0) & ~(labels.variation <= 0)
    if not known.any():
        return [np.nan] * 7
    predicted = {name: getattr(out, name).cpu().numpy() for name in ("delay", "variation", "quantiles", "ipdv", "loss")}
    p90 = min(4, labels.quantiles.shape[1] - 1)
    pairs = [
        (predicted["delay"], labels.delay),
        (predicted["variation"], labels.variation),
        (predicted["quantiles"][:, p90], labels.quantiles[:, p90]),
        (predicted["ipdv"], labels.ipdv),
    ]
    errors = [_mape(one[known], two[known]) for one, two in pairs]
    loss = mean_of_known(np.abs(predicted["loss"] - labels.loss))
    return [*errors, loss, *_prior_errors(example, known)]


def _prior_errors(example: Example, known: np.ndarray) -> list[float]:
    graph, physics = example.graph, example.graph.physics
    path = np.repeat(np.arange(graph.n_paths), graph.path_length)
    delay = physics.path_fixed + np.bincount(path, physics.hop_wait, graph.n_paths)
    variance = np.bincount(path, physics.hop_variance, graph.n_paths)

    def mix(values: np.ndarray) -> np.ndarray:
        total = np.bincount(graph.path_demand, graph.path_share, graph.n_demands)
        return np.bincount(graph.path_demand, graph.path_share * values, graph.n_demands) / np.maximum(total, 1e-12)

    variation = np.sqrt(mix(variance) + physics.demand_size_variance)
    return [_mape(mix(delay)[known], example.labels.delay[known]), _mape(variation[known], example.labels.variation[known])]


def _mape(predicted: np.ndarray, true: np.ndarray) -> float:
    known = np.isfinite(true) & (true > 1e-6)
    return float(np.mean(np.abs(predicted[known] / true[known] - 1))) if known.any() else float("nan")
