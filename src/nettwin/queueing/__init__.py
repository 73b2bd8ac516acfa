"""Queueing theory: dispersion of arrivals, finite-buffer ports, schedulers, and the network's fixed point."""

from pathlib import Path

from nettwin.compiled import discard_stale_cache

_FOLDER = Path(__file__).parent

discard_stale_cache(_FOLDER, _FOLDER.glob("*.py"))
