"""Trained policies in folders: weights as safetensors and a manifest that says how they came about. Reading one runs nothing."""

import json
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from nettwin.errors import FormatError, InputError
from nettwin.optimize.reinforcement.policy import PolicyNetwork

MANIFEST, WEIGHTS = "manifest.json", "policy.safetensors"
SHIPPED = Path(__file__).parent / "shipped"
"""The policy that comes with nettwin."""
FORMAT = 1


def write_policy(folder: Path, network: PolicyNetwork, about: dict[str, Any]) -> Path:
    """Writes weights and manifest; ``about`` says how they were made."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous() for name, value in network.state_dict().items()}, folder / WEIGHTS)
    shape = {"width": network.width, "n_rounds": network.n_rounds}
    manifest = {"format": FORMAT, **about, "shape": shape, "sha256": _digest(folder / WEIGHTS)}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return folder


def read_policy(folder: Path = SHIPPED) -> PolicyNetwork:
    """The policy in a folder, kept in memory. Raises InputError, FormatError."""
    manifest = folder / MANIFEST
    if not manifest.is_file():
        raise InputError("no manifest.json", where=str(folder), hint="a folder that `nettwin learn policy` wrote")
    return _read(folder, manifest.stat().st_mtime_ns)


def manifest_of(folder: Path = SHIPPED) -> dict[str, Any]:
    """How a policy came about. Raises FormatError."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FormatError(f"the manifest cannot be understood: {error}", where=str(folder / MANIFEST)) from None
    if manifest.get("format") != FORMAT:
        raise FormatError(f"format {manifest.get('format')!r}, not {FORMAT}", where=str(folder / MANIFEST), hint="train it again")
    return manifest


@lru_cache(maxsize=4)
def _read(folder: Path, _changed: int) -> PolicyNetwork:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    manifest = manifest_of(folder)
    file = folder / WEIGHTS
    if not file.is_file() or _digest(file) != manifest.get("sha256"):
        raise FormatError("the weights are not those that the manifest names", where=str(file), hint="fetch or train them again")
    try:
        network = PolicyNetwork(**manifest["shape"])
        network.load_state_dict(load_file(file))
    except (KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise FormatError(f"the weights do not fit the manifest: {error}", where=str(file)) from None
    return network.eval()


def _digest(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()
