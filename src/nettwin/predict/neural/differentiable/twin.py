"""The twin as one differentiable function of a network's numbers, its paths fixed."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import torch
from torch import Tensor

from nettwin.controlplane import route
from nettwin.errors import InputError
from nettwin.predict.neural.answer import Beliefs, Figures, figures_of
from nettwin.predict.neural.differentiable.batch import batch_of_solved
from nettwin.predict.neural.differentiable.facts import Facts, facts_of
from nettwin.predict.neural.differentiable.ground import ground_of_solved
from nettwin.predict.neural.differentiable.solving import solved_by_theory
from nettwin.predict.neural.ensemble import run_on_tensors
from nettwin.predict.neural.library import SHIPPED, Library, load_library
from nettwin.queueing.differentiable.structure import inputs_of, structure_of
from nettwin.queueing.differentiable.values import Inputs, Structure
from nettwin.queueing.fitting import Fitted, fitted
from nettwin.queueing.side_by_side import Case, side_by_side
from nettwin.scenario import Routing, Scenario

BY = ("capacity_bps", "rate_bps", "buffer_bits", "buffer_packets", "weight")
"""What slopes are asked by, unless said otherwise: fields of ``Inputs``."""


_HOPS_AT_ONCE = 100_000
"""Hops times figures whose derivatives are followed backward together: small networks cost the number of operations, not their size."""


@dataclass(frozen=True, eq=False)
class Gradient:
    """A figure and its derivatives."""

    value: Tensor
    by: dict[str, Tensor]  # of the shapes of the inputs


@dataclass(frozen=True, eq=False)
class DifferentiableTwin:
    """The figures of NeuralPredictor, theory and networks, as tensors that know their derivatives."""

    structure: Structure
    facts: Facts
    inputs: Inputs
    """The numbers of the scenario itself."""
    library: Library
    questions: tuple[Fitted, ...]
    """Where packets do not fit, figures and inputs are those of the demands that theory is told (``nettwin.queueing.fitting``)."""
    coverage: float = 0.9

    @classmethod
    def of(
        cls, scenario: Scenario, routing: Routing | None = None, weights: str | None = None, device: str = "cpu"
    ) -> "DifferentiableTwin":
        """On the paths of the control plane unless others are given; ``weights`` as of NeuralPredictor."""
        return cls.of_many([(scenario, route(scenario) if routing is None else routing)], weights, device)

    @classmethod
    def of_many(cls, cases: Sequence[Case], weights: str | None = None, device: str = "cpu") -> "DifferentiableTwin":
        """Several scenarios side by side, all observed alike."""
        questions = tuple(fitted(*case) for case in cases)
        parts = side_by_side([question.case for question in questions])
        structure = structure_of(parts.scenario, parts.routing, device)
        inputs = inputs_of(parts.scenario, structure, device=device)
        library = load_library(SHIPPED if weights is None else Path(weights))
        return cls(structure, facts_of(parts, structure), inputs, library, questions)

    def figures(self, inputs: Inputs | None = None) -> Figures:
        """All figures in SI units, NaN where there is no delay; nothing waits for the device."""
        solved = solved_by_theory(self.structure, self.facts, self.inputs if inputs is None else inputs)
        batch, reference_s = batch_of_solved(solved)
        outputs = run_on_tensors(self.library.models, batch)
        beliefs = Beliefs(self.library.calibration, self.coverage)
        return figures_of(ground_of_solved(solved, batch, reference_s), outputs, beliefs)

    def gradient(self, figure: str, demands: int | Tensor, by: Sequence[str] = BY) -> dict[str, Tensor]:
        """Derivatives of a demand's figure, or of a sum weighted by [demand], by every entry of these inputs.

        ``figure`` is a column of ``Figures.demands``: delay_s, loss_ratio ...; of quantiles the sum over all levels.
        """
        return self.gradients([(figure, demands)], by)[0].by

    def gradients(self, wanted: Sequence[tuple[str, int | Tensor]], by: Sequence[str] = BY) -> "list[Gradient]":
        """The same of several figures and demands, with one pass forward."""
        unknown = set(by) - {f.name for f in fields(Inputs)}
        if unknown:
            raise InputError(f"no input {', '.join(sorted(unknown))}", where="gradient", hint=f"some of {', '.join(BY)}")
        leaves = {name: getattr(self.inputs, name).detach().requires_grad_() for name in by}
        with torch.enable_grad():
            columns = self.figures(replace(self.inputs, **leaves)).demands
            totals = torch.stack([_total(columns[figure], demands) for figure, demands in wanted])
        at_once = max(_HOPS_AT_ONCE // max(self.structure.n_hops, 1), 1)
        slopes = [torch.cat(columns) for columns in zip(*_backward(totals, list(leaves.values()), at_once), strict=True)]
        return [Gradient(total.detach(), dict(zip(by, parts, strict=True))) for total, *parts in zip(totals, *slopes, strict=True)]


def _backward(totals: Tensor, leaves: list[Tensor], at_once: int) -> list[list[Tensor]]:
    """Derivatives [total, ...] by every leaf, in parts of so many totals."""
    chosen, found = torch.eye(len(totals), dtype=totals.dtype, device=totals.device), []
    for first in range(0, len(totals), at_once):
        part = chosen[first : first + at_once]
        slopes: Sequence[Tensor | None] = [None] * len(leaves)
        if totals.requires_grad:  # else nothing passes this network
            slopes = torch.autograd.grad(totals, leaves, part, retain_graph=True, is_grads_batched=True, allow_unused=True)
        unused = [leaf.new_zeros((len(part), *leaf.shape)) for leaf in leaves]
        found.append([nothing if slope is None else slope for slope, nothing in zip(slopes, unused, strict=True)])
    return found


def _total(column: Tensor, demands: int | Tensor) -> Tensor:
    """Demands without a figure count nothing."""
    if isinstance(demands, int):
        return column[demands].sum()
    weights = demands.to(column).reshape(-1, *[1] * (column.dim() - 1))
    return torch.where(torch.isnan(column) | (weights == 0), 0.0, column * weights).sum()
