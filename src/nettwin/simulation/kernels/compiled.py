"""The decorators of the kernels."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

from nettwin.compiled import compiled

_log = logging.getLogger(__name__)
_announced: set[str] = set()
_compiler: Any = numba.njit  # its stub does not know _nrt

# Kernels allocate nothing, so numba's reference counting has nothing to count; left on (_nrt), its atomic increments on every array at
# every call cost more than the simulation itself (1.3 against 17 million packet-hops a second).
inner = _compiler(nogil=True, error_model="numpy", _nrt=False, forceinline=True)
"""A part of a kernel: compiled into every kernel that calls it. Inlined, because a call would copy all of the state's descriptors."""


def kernel(function: Callable[..., Any]) -> Any:
    """A function that Python calls."""
    return compiled(function, _nrt=False)


def announce(entry: Any) -> None:
    """Say so on stderr before a kernel is compiled for the first time on this machine: it takes a while."""
    if entry.signatures or entry.__name__ in _announced:
        return
    _announced.add(entry.__name__)
    folder = entry._cache.cache_path
    if folder is None or not any(Path(folder).glob(f"*.{entry.__name__}-*.nbi")):
        _log.warning("compiling the packet simulator for this machine (%s), once: this takes about half a minute", entry.__name__)
