"""Where the lines lie: files of JSON lines, gzipped or not."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from nettwin.errors import FormatError, InputError, LimitError
from nettwin.formats.safe_input import Limits, is_file, parse_json, read_bytes

Record = Mapping[str, Any]
"""One line, as JSON gave it."""

LIMITS = Limits(json_elements=200_000, depth=8)
"""A line of the largest experiment (windows of 0.1 s) holds 30,000 values."""
MOST_LINES = 100_000
LONGEST_SEARCH = 20_000
"""Files that are looked at in a folder before giving up."""
ENDINGS = (".jsonl", ".jsonl.gz")


def files_in(folder: Path) -> Iterator[Path]:
    """The files of JSON lines that lie directly in a folder, by name."""
    for count, path in enumerate(sorted(folder.iterdir())):
        if count == LONGEST_SEARCH:
            raise InputError(f"more than {LONGEST_SEARCH} files", where=str(folder), hint="name a smaller folder")
        if path.name.endswith(ENDINGS) and is_file(path):
            yield path


def lines_of(path: Path) -> tuple[bytes, ...]:
    """The lines of a file. Those of the last two files are kept, for the next experiment."""
    status = path.stat() if path.exists() else None
    return _lines(path, status.st_mtime_ns if status else 0, status.st_size if status else 0)


def record_of(path: Path, index: int) -> Record:
    """One line. Raises InputError where there is none, FormatError where it is no JSON object."""
    lines = lines_of(path)
    if index >= len(lines):
        raise InputError(f"no experiment {index}", where=str(path), hint=f"it holds {len(lines)}, counted from 0")
    record = parse_json(lines[index], where=f"line {index + 1}", limits=LIMITS)
    if not isinstance(record, dict):
        raise FormatError("no JSON object", where=f"line {index + 1}", hint="one experiment per line")
    return record


@lru_cache(maxsize=2)
def _lines(path: Path, _mtime_ns: int, _size: int) -> tuple[bytes, ...]:
    lines = tuple(line for line in read_bytes(path).split(b"\n") if line.strip())
    if len(lines) > MOST_LINES:
        raise LimitError(f"more than {MOST_LINES} experiments", where=str(path), hint="split the file")
    return lines
