"""Trained twins in folders: a manifest, the weights of each member of the ensemble, the factors of the intervals."""

import json
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from nettwin.errors import FormatError, InputError
from nettwin.predict.neural.calibration import Calibration
from nettwin.predict.neural.model import TwinModel
from nettwin.predict.neural.weights import load_model

MANIFEST = "manifest.json"
SHIPPED = Path(__file__).parent / "shipped"
"""The twin that comes with nettwin."""
FORMAT = 1


@dataclass(frozen=True, eq=False)
class Library:
    """One version of the twin: an ensemble and how it was made."""

    path: Path
    models: tuple[TwinModel, ...]
    calibration: Calibration
    manifest: dict[str, Any]

    @property
    def version(self) -> str:
        return str(self.manifest.get("version", "?"))


def load_library(path: Path = SHIPPED) -> Library:
    """The twin in a folder, kept in memory. Raises InputError, FormatError."""
    manifest = path / MANIFEST
    if not manifest.is_file():
        raise InputError("no manifest.json", where=str(path), hint="a folder that `nettwin learn make` wrote")
    return _loaded(path, manifest.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _loaded(path: Path, _changed: int) -> Library:
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        members = [(path / str(member["file"]), str(member["sha256"])) for member in manifest["members"]]
        calibration = Calibration.from_dict(manifest["calibration"])
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(f"the manifest cannot be understood: {error}", where=str(path / MANIFEST)) from None
    if manifest.get("format") != FORMAT or not members:
        raise FormatError(f"format {manifest.get('format')!r}, not {FORMAT}, or no members", where=str(path / MANIFEST))
    for file, known in members:
        if file.parent != path or not file.is_file() or digest(file) != known:
            raise FormatError("the weights are not those that the manifest names", where=str(file), hint="fetch or train them again")
    return Library(path, tuple(load_model(file) for file, _ in members), calibration, manifest)


def write_library(path: Path, members: list[Path], calibration: Calibration, about: dict[str, Any]) -> Library:
    """Puts trained members together in a folder; ``about`` says how they were made."""
    path.mkdir(parents=True, exist_ok=True)
    rows = []
    for number, member in enumerate(members):
        file = path / f"member-{number}.safetensors"
        if member.resolve() != file.resolve():
            file.write_bytes(member.read_bytes())
        rows.append({"file": file.name, "sha256": digest(file)})
    manifest = {"format": FORMAT, **about, "members": rows, "calibration": calibration.to_dict()}
    (path / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return load_library(path)


def digest(file: Path) -> str:
    """SHA-256 of a file."""
    return sha256(file.read_bytes()).hexdigest()
