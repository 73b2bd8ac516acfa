"""Compiled loops. Everything here is compiled by numba once and cached on disk."""

from pathlib import Path

from nettwin.compiled import discard_stale_cache

_FOLDER = Path(__file__).parent

discard_stale_cache(_FOLDER, [*_FOLDER.glob("*.py"), _FOLDER.parent / "records.py"])
