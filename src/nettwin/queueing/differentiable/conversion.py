"""The compiled theory's dataclasses as tensors, field by field."""

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import torch

from nettwin.queueing.differentiable import dispersion, values

_RENAMED = {"NetworkState": values.State, "Sources": dispersion.Sources, "_Group": dispersion.SourceGroup}


def tensors_of(value: Any, device: str | torch.device = "cpu", dtype: torch.dtype = torch.float64) -> Any:
    """A dataclass of ``nettwin.queueing`` as the one of the same name on tensors; what only tensors have is None.

    Numbers become ``dtype``, indices int64. Other values stay as they are.
    """
    if isinstance(value, np.ndarray):
        kind = {"f": dtype, "i": torch.int64, "b": torch.bool}[value.dtype.kind]
        return torch.from_numpy(np.array(value)).to(device=device, dtype=kind)
    target = _target(value)
    if target is None:
        return tuple(tensors_of(one, device, dtype) for one in value) if isinstance(value, tuple) else value
    found = {f.name: tensors_of(getattr(value, f.name, None), device, dtype) for f in fields(target)}
    if target is dispersion.SourceGroup:
        found["kind"] = value.formula.__name__
    if target is values.Ports:
        used = np.flatnonzero(value.slots.ravel() < value.n_queues)
        found["slot_of_queue"] = tensors_of(used[np.argsort(value.slots.ravel()[used])], device, dtype)
    return target(**found)


def _target(value: Any) -> type | None:
    """What a dataclass or named tuple becomes."""
    name = type(value).__name__
    has_fields = is_dataclass(value) or isinstance(value, tuple)
    return (_RENAMED.get(name) or getattr(values, name, None)) if has_fields else None
