"""Members in files: safetensors with their shape in the metadata. Reading one runs nothing."""

import json
from pathlib import Path

from nettwin.errors import FormatError
from nettwin.learn.hardware.model import HardwareModel, HardwareShape
from nettwin.predict.neural.weights import read_weights

KIND = "hardware-2"


def save_member(model: HardwareModel, path: Path) -> None:
    """Writes a model."""
    from safetensors.torch import save_file

    metadata = {"nettwin": KIND, "shape": json.dumps(model.shape.to_dict()), "counts": json.dumps(model.counts)}
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, path, metadata)


def load_member(path: Path) -> HardwareModel:
    """Reads a model. Raises FormatError where the file is none, or of another version."""
    metadata, tensors = read_weights(path, KIND)
    try:
        model = HardwareModel(HardwareShape(**json.loads(metadata["shape"])), json.loads(metadata["counts"]))
        model.load_state_dict(tensors)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise FormatError(f"the model does not fit its description: {error}", where=str(path)) from None
    return model.eval()
