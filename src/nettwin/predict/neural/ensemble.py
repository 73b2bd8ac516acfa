"""Several models that were trained apart: their mean is the answer, their disagreement a part of its uncertainty."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from nettwin.predict.neural.batch import batch_of
from nettwin.predict.neural.graph import Graph
from nettwin.predict.neural.layers import Scaled, StackedLinear
from nettwin.predict.neural.model import TwinModel
from nettwin.predict.neural.readout import Outputs

Floats = npt.NDArray[np.float64]
FIGURES = ("delay", "variation", "quantiles", "ipdv", "loss")
"""In the order of ``Outputs.scales``."""


@dataclass(frozen=True, eq=False)
class EnsembleOutputs:
    """Means over the models, relative as in ``Outputs``; hops and paths in the order of the routing."""

    delay: Floats  # [demand]
    variation: Floats  # [demand]
    ipdv: Floats  # [demand]
    quantiles: Floats  # [demand, level]
    loss: Floats  # [demand]
    hop_wait: Floats  # [hop]
    hop_loss: Floats  # [hop]
    path_weight: Floats  # [path]
    queue_wait: Floats  # [queue]
    queue_loss: Floats  # [queue]
    queue_sent: Floats  # [queue]
    scales: Floats  # [demand, figure] expected relative error (of the loss: error of its square root), disagreement included
    queue_scales: Floats  # [queue, figure] likewise, of delay and loss
    trust: Floats  # [queue]


def run(models: Sequence[TwinModel], graph: Graph, device: str = "cpu") -> EnsembleOutputs:
    """Asks all models about a graph."""
    batch = batch_of(graph, device)
    with torch.inference_mode():
        if len(models) > 1 and graph.n_hops <= _FEW_HOPS:
            together = _numpy(_stacked(tuple(models))(batch))
            answers = [{name: values[number] for name, values in together.items()} for number in range(len(models))]
        else:
            answers = [_numpy(model(batch)) for model in models]
    mean = {name: _mean(name, [answer[name] for answer in answers]) for name in answers[0]}
    by_hop = {name: _unsorted(mean[name], batch.path_order if name == "path_weight" else batch.hop_order) for name in _BY_HOP}
    mean["delay"] = _added_up(graph, by_hop["hop_wait"], by_hop["path_weight"])
    return EnsembleOutputs(
        **{f.name: mean[f.name] for f in fields(EnsembleOutputs) if f.name not in ("scales", "queue_scales", *_BY_HOP)},
        **by_hop,
        scales=_expected_error(answers, "scales", FIGURES),
        queue_scales=_expected_error(answers, "queue_scales", ("queue_wait", "queue_loss")),
    )


def _added_up(graph: Graph, hop_wait: Floats, path_weight: Floats) -> Floats:  # [demand]
    """Mean delays as the sums of what is told hop by hop: the mean of the models' delays would differ a little where losses do."""
    path = np.repeat(np.arange(graph.n_paths), graph.path_length)
    delay = graph.physics.path_fixed + np.bincount(path, hop_wait, graph.n_paths)
    return np.bincount(graph.path_demand, path_weight * delay, graph.n_demands).astype(np.float64)


@lru_cache(maxsize=4)
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


_FEW_HOPS = 20_000
"""More than these, and the models are asked one after another: what they remember on the way would not fit into a processor's cache."""
_BY_HOP = ("hop_wait", "hop_loss", "path_weight")
_LEAST = 1e-9


def _numpy(outputs: Outputs) -> dict[str, Floats]:
    return {f.name: getattr(outputs, f.name).cpu().numpy().astype(np.float64) for f in fields(Outputs)}


def _mean(name: str, values: list[Floats]) -> Floats:
    return np.asarray(np.mean(values, axis=0)) if len(values) > 1 else values[0]


def _expected_error(answers: list[dict[str, Floats]], name: str, figures: tuple[str, ...]) -> Floats:
    """Root of the mean squared expected error plus the variance between the models."""
    own = np.mean([np.exp(answer[name]) ** 2 for answer in answers], axis=0)
    between = np.stack([_disagreement(figure, [answer[figure] for answer in answers]) for figure in figures], axis=1)
    return np.asarray(np.sqrt(own + between**2))


def _disagreement(figure: str, values: list[Floats]) -> Floats:
    if len(values) == 1:
        return np.zeros(len(values[0]))
    is_loss = figure.endswith("loss")
    if figure == "queue_wait":
        values = [value + 1 for value in values]  # with the packet's own time on the wire
    moved = [np.sqrt(np.maximum(value, 0.0)) if is_loss else np.log(value + _LEAST) for value in values]
    spread = np.std(moved, axis=0, ddof=1)
    return np.asarray(spread.mean(axis=1) if spread.ndim > 1 else spread)


def _unsorted(values: Floats, order: npt.NDArray[np.int64]) -> Floats:
    result = np.empty_like(values)
    result[order] = values
    return result
