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
    with torch.no_grad():
        delays = twin.figures().demands["delay_s"].cpu().numpy()
    return [_of_demand(twin, demand, float(delays[demand])) for demand in demands]


def _of_demand(twin: DifferentiableTwin, demand: int, delay_s: float) -> Elasticities:
    found = twin.gradients({"delay_s": demand, "loss_ratio": demand})
    return Elasticities(_slopes(twin, found["delay_s"], delay_s), _slopes(twin, found["loss_ratio"], 1.0))


def _slopes(twin: DifferentiableTwin, derivatives: dict[str, Tensor], unit: float) -> Slopes:
    def relative(name: str) -> np.ndarray:
        numbers = getattr(twin.inputs, name)
        # an endless buffer has no relative change
        slopes = torch.where(torch.isfinite(numbers), derivatives[name] * numbers, 0.0).cpu().numpy() / unit
        return np.nan_to_num(slopes, nan=0.0)

    return Slopes(
        capacity=relative("capacity_bps"),
        rate=relative("rate_bps"),
        buffer=relative("buffer_bits") + relative("buffer_packets"),
        weight=relative("weight").reshape(-1)[twin.structure.slot_of_queue.cpu().numpy()],
    )
