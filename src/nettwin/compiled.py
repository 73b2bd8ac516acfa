"""How numba functions are compiled: once per machine, then read from a cache that never outlives its sources."""

import contextlib
import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numba

_compiler: Any = numba.njit  # its stub does not know every option


def compiled(function: Callable[..., Any], **options: Any) -> Any:
    """The function, compiled when first called, without the GIL; kept in the cache if there is any folder to write it to."""
    options = {"nogil": True, "error_model": "numpy", **options}
    try:
        return _compiler(cache=True, **options)(function)
    except RuntimeError:  # neither the package nor the user's cache folder is writable
        return _compiler(**options)(function)


def discard_stale_cache(folder: Path, sources: Iterable[Path]) -> None:
    """Forget the compiled functions of a folder when any source changed: numba itself only looks at the file of the outermost one.

    Call it before a module of the folder compiles anything.
    """
    cache = folder / "__pycache__"
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sorted(sources))).hexdigest()
    stamp = cache / "compiled.digest"
    with contextlib.suppress(OSError):
        if not stamp.exists() or stamp.read_text() != digest:
            for stale in cache.glob("*.nb?"):
                stale.unlink(missing_ok=True)
            cache.mkdir(exist_ok=True)
            stamp.write_text(digest)
