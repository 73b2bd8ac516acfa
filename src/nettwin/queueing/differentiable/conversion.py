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
    name = type(value).__name__
    target = _RENAMED.get(name) or getattr(values, name, None)
    if target is None or not (is_dataclass(value) or isinstance(value, tuple)):
        return tuple(tensors_of(one, device, dtype) for one in value) if isinstance(value, tuple) else value
    found = {f.name: tensors_of(getattr(value, f.name, None), device, dtype) for f in fields(target)}
    if name == "_Group":
        found["kind"] = value.formula.__name__
    if name == "Ports":
        slots = torch.from_numpy(np.flatnonzero(value.slots.ravel() < value.n_queues)).to(device)
        order = torch.argsort(found["slots"].reshape(-1)[slots])
        found["slot_of_queue"] = slots[order]
    return target(**found)
