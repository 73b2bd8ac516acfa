"""Compiled functions: with a cache, without a place for one, and with one that is out of date."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import pytest

import nettwin.compiled
from nettwin.compiled import compiled, discard_stale_cache


def test_without_a_place_for_the_cache_functions_are_compiled_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_a_place(cache: bool = False, **options: Any) -> Callable[..., Any]:
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return numba.njit(**options)

    monkeypatch.setattr(nettwin.compiled, "_compiler", without_a_place)
    assert compiled(lambda number: number + 1)(2) == 3


def test_a_changed_source_empties_the_cache(tmp_path: Path) -> None:
    source, cached = tmp_path / "kernel.py", tmp_path / "__pycache__" / "kernel.f-1.py311.nbi"
    source.write_text("one")
    discard_stale_cache(tmp_path, [source])
    cached.write_text("compiled from one")
    discard_stale_cache(tmp_path, [source])
    assert cached.exists(), "nothing has changed"
    source.write_text("two")
    discard_stale_cache(tmp_path, [source])
    assert not cached.exists()
