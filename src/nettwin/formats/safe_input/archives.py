"""Members of tar and zip archives, streamed: nothing is extracted, links and paths that lead elsewhere are refused."""

import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from nettwin.errors import FormatError, InputError, LimitError
from nettwin.formats.safe_input.files import GZIP_MAGIC, read_head, read_raw
from nettwin.formats.safe_input.limits import DEFAULT_LIMITS, Limits

_BROKEN = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, ArithmeticError, RuntimeError)
"""What the standard library raises on broken, truncated, encrypted or oddly compressed archives."""


@dataclass(frozen=True, slots=True)
class Member:
    """A regular file in an archive. ``read`` gives its bytes while the walk stands at it."""

    name: str
    size: int
    read: Callable[[], bytes]


def is_archive(path: Path) -> bool:
    """Whether a file looks like a tar (plain or gzipped) or zip archive."""
    head = read_head(path)
    return head.startswith(b"PK\x03\x04") or head[257:262] == b"ustar"


def members(path: Path, limits: Limits = DEFAULT_LIMITS) -> Iterator[Member]:
    """Walks over the regular files of an archive in its own order. Raises FormatError, InputError or LimitError."""
    walk = _zip_members(path, limits) if read_head(path).startswith(b"PK") else _tar_members(path, limits)
    total = 0
    with _translated(path):
        for count, member in enumerate(walk):
            total += member.size
            _check_walk(count + 1, total, path, limits)
            yield member


def read_members(path: Path, is_wanted: Callable[[str], bool], limits: Limits = DEFAULT_LIMITS) -> dict[str, bytes]:
    """The wanted members by name, together no larger than ``limits.expanded_bytes``. A name that stands twice is refused."""
    found: dict[str, bytes] = {}
    size = 0
    for member in members(path, limits):
        if is_wanted(member.name):
            if member.name in found:
                raise FormatError("two members have one name", where=f"{path}#{member.name}", hint="remove one of them")
            size += member.size
            if size > limits.expanded_bytes:
                raise LimitError(f"its members hold more than {limits.expanded_bytes} bytes", where=str(path), hint="split the archive")
            found[member.name] = member.read()
    return found


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        raise FormatError(f"broken archive: {error}", where=str(path), hint="fetch it again") from None


def _check_walk(count: int, total: int, path: Path, limits: Limits) -> None:
    if count > limits.members:
        raise LimitError(f"more than {limits.members} members", where=str(path), hint="split the archive")
    if total > limits.archive_bytes:
        raise LimitError(f"it expands to more than {limits.archive_bytes} bytes", where=str(path), hint="split the archive")


def _check_member(name: str, size: int, path: Path, limits: Limits) -> None:
    where = f"{path}#{name[:200]}"
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or "\0" in name or (parts.parts and ":" in parts.parts[0]):
        raise InputError("the member's path leads out of the archive", where=where, hint="such archives are not read")
    if size > limits.expanded_bytes:
        raise LimitError(f"the member has more than {limits.expanded_bytes} bytes", where=where, hint="split it")


class _Metered:
    """A stream that stops with a LimitError when what comes out is far more than what went in."""

    def __init__(self, stream: IO[bytes], path: Path, limits: Limits) -> None:
        self._stream, self._path, self._limits = stream, path, limits
        self._compressed = path.stat().st_size
        self._expanded = 0

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._expanded += len(data)
        if self._expanded > max(2**20, self._limits.expansion_ratio * self._compressed):
            raise LimitError(
                f"it expands more than {self._limits.expansion_ratio} times",
                where=str(self._path),
                hint="if you trust it, expand it yourself",
            )
        return data


def _tar_members(path: Path, limits: Limits) -> Iterator[Member]:
    import gzip

    read_head(path)  # refuses what is no regular file
    with path.open("rb") as raw:
        is_gzip = raw.read(2) == GZIP_MAGIC
        raw.seek(0)
        stream: Any = _Metered(gzip.GzipFile(fileobj=raw), path, limits) if is_gzip else raw  # type: ignore[arg-type]
        # errors="strict": a name that is no UTF-8 is refused instead of carried on as surrogates
        with tarfile.open(fileobj=stream, mode="r|", errors="strict") as archive:
            for info in archive:
                if member := _tar_member(archive, info, path, limits):
                    yield member


def _tar_member(archive: tarfile.TarFile, info: tarfile.TarInfo, path: Path, limits: Limits) -> Member | None:
    if info.isdir():
        return None
    if not info.isreg() or info.issparse():
        raise InputError("the member is a link, a device or sparse", where=f"{path}#{info.name[:200]}", hint="such archives are not read")
    _check_member(info.name, info.size, path, limits)

    def read() -> bytes:
        with _translated(path):
            stream = archive.extractfile(info)
            data = stream.read(info.size) if stream else b""
        if len(data) != info.size:
            raise FormatError("the archive ends too early", where=f"{path}#{info.name}", hint="fetch it again")
        return data

    return Member(info.name, info.size, read)


def _zip_members(path: Path, limits: Limits) -> Iterator[Member]:
    import io

    with zipfile.ZipFile(io.BytesIO(read_raw(path, limits))) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                yield _zip_member(archive, info, path, limits)


def _zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, limits: Limits) -> Member:
    _check_member(info.filename, info.file_size, path, limits)
    if (info.external_attr >> 28) == 0o12:
        raise InputError("the member is a link", where=f"{path}#{info.filename[:200]}", hint="such archives are not read")
    if info.file_size > 2**20 and info.file_size > limits.expansion_ratio * max(info.compress_size, 1):
        raise LimitError(f"it expands more than {limits.expansion_ratio} times", where=f"{path}#{info.filename}")

    def read() -> bytes:
        with _translated(path), archive.open(info) as stream:
            return stream.read(info.file_size)  # never more than declared, whatever the data says

    return Member(info.filename, info.file_size, read)
