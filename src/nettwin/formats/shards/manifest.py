"""How a data set was made, beside its shards."""

import json
from pathlib import Path
from typing import Any

from nettwin.errors import FormatError
from nettwin.formats.safe_input import parse_json, read_bytes

MANIFEST = "manifest.json"


def read_manifest(folder: Path) -> dict[str, Any]:
    """What is known about how a data set was made; empty where nothing is."""
    path = folder / MANIFEST
    if not path.is_file():
        return {}
    plain = parse_json(read_bytes(path), where=str(path))
    if not isinstance(plain, dict):
        raise FormatError("the manifest is no map", where=str(path))
    return plain


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Says how a data set was made; the file is never there by halves."""
    unfinished = folder / f"{MANIFEST}.unfinished"
    unfinished.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    unfinished.rename(folder / MANIFEST)
