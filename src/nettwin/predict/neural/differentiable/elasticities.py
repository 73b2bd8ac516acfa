"""Derivatives of the twin as elasticities: one pass backward per demand and figure, whatever the number of links and demands."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from nettwin.errors import PredictionError
from nettwin.predict.elasticities import Elasticities, Slopes
from nettwin.predict.neural.differentiable.twin import DifferentiableTwin

MOST_HOPS = 500_000
"""What a pass backward remembers takes 12 kB of memory per hop."""


def elasticities_of(twin: DifferentiableTwin, demands: Sequence[int]) -> list[Elasticities]:
    """For each of these demands; one of which nothing arrives has no slopes. Raises PredictionError where it would not fit in memory."""
    if twin.structure.n_hops > MOST_HOPS:
        raise PredictionError(
            f"{twin.structure.n_hops} hops of demands", where="slopes", hint=f"up to {MOST_HOPS} fit in memory: ask for single changes"
        )
    found = twin.gradients([(figure, demand) for demand in demands for figure in ("delay_s", "loss_ratio")])
    pairs, kept = zip(found[::2], found[1::2], strict=True), twin.questions[0].share[list(demands)]
    return [
        Elasticities(_slopes(twin, delay.by, 1 / float(delay.value)), _slopes(twin, loss.by, float(share)))
        for (delay, loss), share in zip(pairs, kept, strict=True)
    ]


def _slopes(twin: DifferentiableTwin, derivatives: dict[str, Tensor], times: float) -> Slopes:
    def relative(name: str) -> np.ndarray:
        numbers = getattr(twin.inputs, name)
        # an endless buffer has no relative change
        slopes = torch.where(torch.isfinite(numbers), derivatives[name] * numbers, 0.0).cpu().numpy() * times
        return np.nan_to_num(slopes, nan=0.0)

    return Slopes(
        capacity=relative("capacity_bps"),
        rate=twin.questions[0].summed(relative("rate_bps")),
        buffer=relative("buffer_bits") + relative("buffer_packets"),
        weight=relative("weight").reshape(-1)[twin.structure.slot_of_queue.cpu().numpy()],
    )
