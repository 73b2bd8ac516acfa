"""Many columns as one, so that they leave a device in one copy."""

from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from nettwin.predict.neural.answer import Figures

_KNOWN = "offered_bps"  # the host has it


@dataclass(frozen=True)
class Place:
    """Where a column stands in the whole."""

    part: str  # field of Figures
    column: str
    shape: tuple[int, ...]


def packed(figures: Figures) -> tuple[Tensor, list[Place]]:
    """All figures in a row in float64, and their places."""
    places, columns = [], []
    for f in fields(Figures):
        part = getattr(figures, f.name)
        for name, column in part.items() if isinstance(part, dict) else [("", part)]:
            if name != _KNOWN:
                places.append(Place(f.name, name, tuple(column.shape)))
                columns.append(column.reshape(-1).double())
    return torch.cat(columns), places


def unpacked(row: np.ndarray, places: list[Place], offered_bps: np.ndarray) -> Figures:
    """The columns as views of the row."""
    parts: dict[str, dict[str, np.ndarray]] = {f.name: {} for f in fields(Figures)}
    start = 0
    for place in places:
        end = start + int(np.prod(place.shape))
        parts[place.part][place.column] = row[start:end].reshape(place.shape)
        start = end
    for part in ("demands", "lower", "upper"):
        parts[part][_KNOWN] = offered_bps
    trusted = parts["is_trusted"][""] != 0
    return Figures(**{**parts, "is_trusted": trusted})
