"""Rows of Parquet files that a stranger may have written, a row group at a time."""

from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from nettwin.errors import FormatError, LimitError

_MOST_ROWS = 1_000_000
_MOST_GROUP_BYTES = 2 * 2**30

Version = tuple[int, int]
"""Tells a file from one that was written in its place."""


def n_rows(path: Path) -> int:
    """How many rows a file has. Raises FormatError, LimitError."""
    return _first_rows(path, _version(path))[-1]


def column(path: Path, name: str) -> list[Any]:
    """One column of a file; nothing else is read. Raises FormatError, LimitError."""
    with _reading(path), _opened(path) as file:
        if name not in file.schema_arrow.names:
            raise FormatError(f"the column {name} is missing", where=str(path))
        return list(file.read([name]).column(0).to_pylist())


def cells(path: Path, row: int) -> dict[str, Any]:
    """The cells of a row as pyarrow's scalars. Raises FormatError, LimitError."""
    version = _version(path)
    first_rows = _first_rows(path, version)
    if not 0 <= row < first_rows[-1]:
        raise FormatError(f"there is no row {row}, there are {first_rows[-1]}", where=str(path))
    group = bisect_right(first_rows, row) - 1
    with _reading(path):
        table = _row_group(path, group, version)
        return {name: table.column(name)[row - first_rows[group]] for name in table.column_names}


def _version(path: Path) -> Version:
    try:
        state = path.stat()
    except OSError as error:
        raise FormatError(f"no readable file: {error.strerror}", where=str(path)) from None
    return state.st_mtime_ns, state.st_size


@lru_cache(maxsize=256)
def _first_rows(path: Path, _: Version) -> list[int]:
    """The number of the first row of each row group, and at the end the number of all rows."""
    with _reading(path), _opened(path) as file:
        sizes = [file.metadata.row_group(group).num_rows for group in range(file.metadata.num_row_groups)]
    return [int(first) for first in np.cumsum([0, *sizes])]


@lru_cache(maxsize=2)
def _row_group(path: Path, group: int, _: Version) -> Any:
    with _reading(path), _opened(path) as file:
        return file.read_row_group(group)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Whatever pyarrow says of a file, and of names in it that are no text, is an error of the file."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, ValueError, IndexError, KeyError) as error:
        raise FormatError(f"no readable Parquet: {error}", where=str(path)) from None


def _opened(path: Path) -> Any:
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path)
    about = file.metadata
    if about.num_rows > _MOST_ROWS:
        raise LimitError(f"{about.num_rows} rows, more than {_MOST_ROWS}", where=str(path))
    size = max((about.row_group(group).total_byte_size for group in range(about.num_row_groups)), default=0)
    if size > _MOST_GROUP_BYTES:
        raise LimitError(f"a row group of {size} bytes, more than {_MOST_GROUP_BYTES}", where=str(path), hint="write smaller shards")
    return file
