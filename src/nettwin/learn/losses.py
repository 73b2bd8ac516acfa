"""What training minimises: logarithmic errors of times, so that a slow demand counts as much as a quick one, and errors of losses."""

from dataclasses import dataclass

import torch
from torch import Tensor

from nettwin.learn.examples import Labels
from nettwin.predict.neural.batch import Batch
from nettwin.predict.neural.readout import Outputs

_LEAST_SPREAD = 3e-3  # of the reference delay: below, a spread is of no interest
_NOISE = 0.03  # relative standard error at which a label counts half


@dataclass(frozen=True, slots=True, kw_only=True)
class LossWeights:
    """How much each part counts beside the mean delay's 1."""

    variation: float = 0.4
    ipdv: float = 0.2
    quantiles: float = 0.5
    loss: float = 2.0
    queue_delay: float = 0.8
    queue_loss: float = 1.0
    scales: float = 0.05
    queue_scales: float = 0.05


def training_loss(outputs: Outputs, labels: dict[str, Tensor], batch: Batch, weights: LossWeights = LossWeights()) -> Tensor:
    """The weighted sum of all parts."""
    parts = {**_demand_parts(outputs, labels), **_queue_parts(outputs, labels)}
    total = parts.pop("delay")
    for name, part in parts.items():
        total = total + getattr(weights, name) * part
    return total


def _demand_parts(outputs: Outputs, labels: dict[str, Tensor]) -> dict[str, Tensor]:
    """Of each demand the figures that were measured; telemetry may know mean delays and nothing else."""
    known = torch.isfinite(labels["delay"]) & (labels["delay"] > 0)
    weight = (_NOISE / (_NOISE + labels["noise"]))[known]
    delay = log_error(outputs.delay[known], labels["delay"][known], 0.0)
    variation = _where_measured(outputs.variation[known], labels["variation"][known], _LEAST_SPREAD)
    ipdv = _where_measured(outputs.ipdv[known], labels["ipdv"][known], _LEAST_SPREAD)
    quantiles = _where_measured(outputs.quantiles[known], labels["quantiles"][known], 1e-3).mean(1)
    root = root_error(outputs.loss[known], torch.nan_to_num(labels["loss"][known]))
    errors = torch.stack([delay, variation, quantiles, ipdv, root], dim=1).detach()
    told = torch.stack([_is_told(labels[name][known]) for name in ("delay", "variation", "quantiles", "ipdv", "loss")], dim=1)
    return {
        "delay": _mean(delay, weight),
        "variation": _mean(variation, weight),
        "ipdv": _mean(ipdv, weight),
        "quantiles": _mean(quantiles, weight),
        "loss": _loss_error(outputs.loss, labels["loss"]),
        "scales": _mean(_likelihood(errors, outputs.scales[known], told), weight),
    }


def _is_told(labels: Tensor) -> Tensor:
    """[row] whether any figure of a row was measured."""
    known = torch.isfinite(labels)
    return known if known.ndim == 1 else known.any(1)


def _likelihood(errors: Tensor, scales: Tensor, told: Tensor) -> Tensor:
    """[row] Of a Laplace distribution: how large an error to expect; the mean over the figures that were measured."""
    each = torch.where(told, errors / torch.exp(scales) + scales, torch.zeros_like(scales))
    return each.sum(1) / told.sum(1).clamp_min(1)


def _queue_parts(outputs: Outputs, labels: dict[str, Tensor]) -> dict[str, Tensor]:
    known = torch.isfinite(labels["queue_delay"]) & (labels["queue_delay"] > 0)
    delay = log_error(outputs.queue_wait[known] + labels["queue_size"][known], labels["queue_delay"][known], 0.0)
    root = root_error(outputs.queue_loss[known], torch.nan_to_num(labels["queue_loss"][known]))
    scales = outputs.queue_scales[known]
    likelihood = torch.stack([delay, root], dim=1).detach() / torch.exp(scales) + scales
    return {
        "queue_delay": _average(delay),
        "queue_scales": _average(likelihood),
        "queue_loss": _loss_error(outputs.queue_loss[known], labels["queue_loss"][known]),
    }


def _where_measured(predicted: Tensor, true: Tensor, least: float) -> Tensor:
    """Logarithmic errors, 0 where nothing was measured."""
    known = torch.isfinite(true)
    return torch.where(known, log_error(predicted, torch.where(known, true, predicted.detach()), least), torch.zeros_like(predicted))


def log_error(predicted: Tensor, true: Tensor, least: float) -> Tensor:
    """Absolute logarithm of the ratio, both raised by ``least``."""
    return (torch.log(predicted + least + 1e-9) - torch.log(true.clamp_min(0) + least + 1e-9)).abs()


def _loss_error(predicted: Tensor, true: Tensor) -> Tensor:
    """Absolute error, and that of the square roots, which sees small losses."""
    known = torch.isfinite(true)
    predicted, true = predicted[known], true[known]
    return _average((predicted - true).abs() + 0.2 * root_error(predicted, true))


def root_error(predicted: Tensor, true: Tensor) -> Tensor:
    """Absolute error of the square root of a loss."""
    return (torch.sqrt(predicted.clamp_min(0) + 1e-5) - torch.sqrt(true.clamp_min(0) + 1e-5)).abs()


def _average(values: Tensor) -> Tensor:
    """Mean; 0 where there is nothing."""
    return values.sum() / max(values.numel(), 1)


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight).sum() / weight.sum().clamp_min(1e-9)


def tensors_of(labels: Labels, device: str = "cpu") -> dict[str, Tensor]:
    """Labels as tensors by name."""
    return {name: torch.from_numpy(getattr(labels, name)).to(device) for name in Labels.__dataclass_fields__}
