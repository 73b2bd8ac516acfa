"""Several models that were trained apart: their mean is the answer, their disagreement a part of its uncertainty."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from nettwin.predict.neural.arrays import NUMPY, Arrays, Column
from nettwin.predict.neural.batch import Batch, batch_of
from nettwin.predict.neural.graph import Graph
from nettwin.predict.neural.layers import Scaled, StackedLinear
from nettwin.predict.neural.model import TwinModel
from nettwin.predict.neural.readout import Outputs
from nettwin.predict.neural.tensor_arrays import TENSORS

Floats = npt.NDArray[np.float64]
FIGURES = ("delay", "variation", "quantiles", "ipdv", "loss")
"""In the order of ``Outputs.scales``."""


@dataclass(frozen=True, eq=False)
class EnsembleOutputs:
    """Means over the models, relative as in ``Outputs``: numpy arrays, hops and paths in the order of the routing; or tensors, in the
    order of the batch."""

    delay: Column  # [demand]
    variation: Column  # [demand]
    ipdv: Column  # [demand]
    quantiles: Column  # [demand, level]
    loss: Column  # [demand]
    hop_wait: Column  # [hop]
    hop_loss: Column  # [hop]
    path_weight: Column  # [path]
    queue_wait: Column  # [queue]
    queue_loss: Column  # [queue]
    queue_sent: Column  # [queue]
    scales: Column  # [demand, figure] expected relative error (of the loss: error of its square root), disagreement included
    queue_scales: Column  # [queue, figure] likewise, of delay and loss
    trust: Column  # [queue]


def run(models: Sequence[TwinModel], graph: Graph, device: str = "cpu") -> EnsembleOutputs:
    """Asks all models about a graph."""
    batch = batch_of(graph, device)
    with torch.inference_mode():
        answers = answers_of(placed(tuple(models), device), batch)
    columns = {name: values.cpu().numpy().astype(np.float64) for name, values in answers.items()}
    for name in _BY_HOP:
        columns[name] = _unsorted(columns[name], batch.path_order if name == "path_weight" else batch.hop_order)
    path = np.repeat(np.arange(graph.n_paths), graph.path_length)
    return pooled(columns, Paths(path, graph.physics.path_fixed, graph.path_demand, graph.n_demands), NUMPY)


def run_on_tensors(models: Sequence[TwinModel], batch: Batch) -> EnsembleOutputs:
    """The same on the device where the batch is, without waiting for it."""
    on_device = placed(tuple(models), str(batch.hop_queue.device))
    columns = {name: values.double() for name, values in answers_of(on_device, batch).items()}
    return pooled(columns, Paths(batch.hop_path, batch.physics.path_fixed, batch.path_demand, batch.n_demands), TENSORS)


def answers_of(models: Sequence[TwinModel], batch: Batch) -> dict[str, Tensor]:  # [model, ...] each
    """What each model says, by the names of ``Outputs``."""
    if batch.hop_queue.is_cuda or (len(models) > 1 and len(batch.hop_queue) <= _FEW_HOPS):
        outputs = _stacked(tuple(models))(batch)
        return {f.name: getattr(outputs, f.name) for f in fields(Outputs)}
    answers = [model(batch) for model in models]
    return {f.name: torch.stack([getattr(answer, f.name) for answer in answers]) for f in fields(Outputs)}


@dataclass(frozen=True, eq=False)
class Paths:
    """Which hops and paths are whose."""

    of_hop: Column  # [hop]
    fixed: Column  # [path] relative delay without waits
    demand: Column  # [path]
    n_demands: int


def pooled(answers: dict[str, Column], paths: Paths, xp: Arrays) -> EnsembleOutputs:
    """Means and disagreement of answers [model, ...].

    Mean delays are the sums of what is told hop by hop: the mean of the models' delays would differ a little where losses do.
    """
    mean = {name: _mean(values) for name, values in answers.items() if not name.endswith("scales")}
    path_delay = paths.fixed + xp.sums(mean["hop_wait"], paths.of_hop, len(paths.demand))
    mean["delay"] = xp.sums(mean["path_weight"] * path_delay, paths.demand, paths.n_demands)
    return EnsembleOutputs(
        **mean,
        scales=_expected_error(answers, "scales", FIGURES, xp),
        queue_scales=_expected_error(answers, "queue_scales", ("queue_wait", "queue_loss"), xp),
    )


@lru_cache(maxsize=4)
def placed(models: tuple[TwinModel, ...], device: str) -> tuple[TwinModel, ...]:
    """The models, or copies of them on another device."""
    if device == "cpu":
        return models
    with torch.inference_mode(mode=False):
        return tuple(deepcopy(model).to(device) for model in models)


@lru_cache(maxsize=4)
@torch.inference_mode(mode=False)
def _stacked(models: tuple[TwinModel, ...]) -> TwinModel:
    """All models as one, whose layers have a row for each: small networks cost the number of operations, not their size."""
    whole = deepcopy(models[0]).eval()
    for name, layer in models[0].named_modules():
        layers = [model.get_submodule(name) for model in models]
        if isinstance(layer, nn.Linear):
            parent, _, child = name.rpartition(".")
            setattr(whole.get_submodule(parent), child, StackedLinear([one for one in layers if isinstance(one, nn.Linear)]))
        elif isinstance(layer, Scaled):
            for buffer, _ in layer.named_buffers():
                setattr(whole.get_submodule(name), buffer, torch.stack([getattr(one, buffer) for one in layers])[:, None])
    return whole


_FEW_HOPS = 1_500
"""More than these, and the models are asked one after another: what they remember on the way would not fit into a processor's cache
(measured on one core: 880 hops take 7 ms together and 11 apart, 3,520 take 32 and 25). A GPU has no such cache to care for."""
_BY_HOP = ("hop_wait", "hop_loss", "path_weight")
_LEAST = 1e-9


def _mean(values: Column) -> Column:  # [...] of [model, ...]
    return values.sum(0) / len(values) if len(values) > 1 else values[0]


def _expected_error(answers: dict[str, Column], name: str, figures: tuple[str, ...], xp: Arrays) -> Column:
    """Root of the mean squared expected error plus the variance between the models."""
    own = _mean(xp.exp(answers[name]) ** 2)
    between = xp.joined([_disagreement(figure, answers[figure], xp)[:, None] for figure in figures])
    return xp.sqrt(own + between**2)


def _disagreement(figure: str, values: Column, xp: Arrays) -> Column:
    """Deviation between the models of the logarithm of a figure; of a loss, of its square root."""
    if len(values) == 1:
        return values[0].reshape(len(values[0]), -1)[:, 0] * 0.0
    if figure == "queue_wait":
        values = values + 1  # with the packet's own time on the wire
    moved = xp.sqrt(xp.at_least(values, 0.0)) if figure.endswith("loss") else xp.log(values + _LEAST)
    spread = xp.sqrt(((moved - _mean(moved)) ** 2).sum(0) / (len(moved) - 1))
    return spread.mean(1) if spread.ndim > 1 else spread


def _unsorted(values: Floats, order: npt.NDArray[np.int64]) -> Floats:  # [model, row]
    result = np.empty_like(values)
    result[:, order] = values
    return result
