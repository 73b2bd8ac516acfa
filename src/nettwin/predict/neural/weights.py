"""Models in files: safetensors with the shape of the model in their metadata. Reading one runs nothing."""

import json
from pathlib import Path
from typing import Any

from torch import Tensor

from nettwin.errors import FormatError
from nettwin.predict.neural.model import FeatureCounts, TwinModel
from nettwin.predict.neural.shape import ModelShape

VERSION = "1"


def save_model(model: TwinModel, path: Path, about: dict[str, Any]) -> None:
    """Writes a model; ``about`` says how it was made."""
    from dataclasses import asdict

    from safetensors.torch import save_file

    metadata = {
        "nettwin": VERSION,
        "shape": json.dumps(model.shape.to_dict()),
        "counts": json.dumps(asdict(model.counts)),
        "about": json.dumps(about),
    }
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, path, metadata)


def load_model(path: Path) -> TwinModel:
    """Reads a model. Raises FormatError where the file is none, or of another version."""
    metadata, tensors = read_weights(path, VERSION)
    try:
        model = TwinModel(ModelShape(**json.loads(metadata["shape"])), FeatureCounts(**json.loads(metadata["counts"])))
        model.load_state_dict(tensors)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise FormatError(f"the model does not fit its description: {error}", where=str(path)) from None
    return model.eval()


def read_weights(path: Path, version: str) -> tuple[dict[str, str], dict[str, Tensor]]:
    """Metadata and tensors of a file of this version. Raises FormatError where it is none."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise FormatError(f"no readable model: {error}", where=str(path)) from None
    if metadata.get("nettwin") != version:
        raise FormatError(f"a model of version {metadata.get('nettwin')!r}, not {version!r}", where=str(path), hint="train it again")
    return metadata, tensors
