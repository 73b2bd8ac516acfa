"""Bytes from a path: regular files only, bounded, gzip expanded."""

import os
import stat
import zlib
from pathlib import Path

from nettwin.errors import FormatError, InputError, LimitError
from nettwin.formats.safe_input.limits import DEFAULT_LIMITS, Limits

HEAD_BYTES = 65_536
GZIP_MAGIC = b"\x1f\x8b"
_CHUNK = 2**18


def read_bytes(path: Path, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """All bytes of a regular file; a gzipped one is expanded. Raises InputError, FormatError or LimitError."""
    data = read_raw(path, limits)
    return gunzip(data, where=str(path), limits=limits) if data.startswith(GZIP_MAGIC) else data


def read_text(path: Path, limits: Limits = DEFAULT_LIMITS) -> str:
    """``read_bytes`` as UTF-8."""
    return decode(read_bytes(path, limits), where=str(path))


def read_head(path: Path) -> bytes:
    """The first 64 KiB, expanded if gzipped; empty for a folder. For recognition."""
    if is_folder(path):
        return b""
    raw = _read(path, HEAD_BYTES)
    if not raw.startswith(GZIP_MAGIC):
        return raw
    try:
        return zlib.decompressobj(wbits=31).decompress(raw, HEAD_BYTES)
    except zlib.error as error:
        raise FormatError(f"broken gzip data: {error}", where=str(path), hint="fetch the file again") from None


def read_raw(path: Path, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """All bytes of a regular file as they lie on disk."""
    data = _read(path, limits.file_bytes + 1)
    if len(data) > limits.file_bytes:
        raise LimitError(f"the file has more than {limits.file_bytes} bytes", where=str(path), hint="split it or leave parts out")
    return data


def is_folder(path: Path) -> bool:
    """Whether the path is a folder. Raises InputError where nothing is there or it cannot be looked at."""
    return stat.S_ISDIR(_status(path).st_mode)


def is_file(path: Path) -> bool:
    """Whether there is anything but a folder at the path."""
    try:
        return not is_folder(path)
    except InputError:
        return False


def inside(folder: Path, name: str) -> Path:
    """The path of a file that another file names. Raises InputError if it leads out of ``folder``, by whatever means."""
    try:
        path = (folder / name).resolve()
        stays = path.is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(f"{name!r} is no usable path: {error}", where=str(folder)) from None
    if not stays:
        raise InputError(f"{name!r} leads out of the folder", where=str(folder), hint="files may name only files beside or below them")
    return path


def decode(data: bytes, where: str) -> str:
    """UTF-8 text (a byte order mark is dropped). Raises FormatError with the line of the first bad byte."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FormatError(
            f"byte 0x{data[error.start]:02x} is no UTF-8", where=f"{where}: line {line}", hint="save the file as UTF-8 text"
        ) from None


def gunzip(data: bytes, *, where: str, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Expanded gzip data, all its members. Raises FormatError if it is broken, LimitError if it swells beyond the limits."""
    parts: list[bytes] = []
    size, rest = 0, data
    while rest:
        expander = zlib.decompressobj(wbits=31)
        while rest and not expander.eof:
            parts.append(_expand(expander, rest, where))
            rest = expander.unused_data if expander.eof else expander.unconsumed_tail
            size += len(parts[-1])
            check_expansion(size, len(data), where=where, limits=limits)
        if not expander.eof:
            raise FormatError("the gzip data ends too early", where=where, hint="fetch the file again")
    return b"".join(parts)


def check_expansion(expanded: int, compressed: int, *, where: str, limits: Limits) -> None:
    """Raises LimitError where compressed data swells beyond the limits."""
    if expanded > limits.expanded_bytes:
        raise LimitError(f"it expands to more than {limits.expanded_bytes} bytes", where=where, hint="expand and split it yourself")
    if expanded > 2**20 and expanded > limits.expansion_ratio * compressed:
        raise LimitError(f"it expands more than {limits.expansion_ratio} times", where=where, hint="if you trust it, expand it yourself")


def _expand(expander: "zlib._Decompress", data: bytes, where: str) -> bytes:
    try:
        return expander.decompress(data, _CHUNK)
    except zlib.error as error:
        raise FormatError(f"broken gzip data: {error}", where=where, hint="fetch the file again") from None


def _status(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except FileNotFoundError:
        raise InputError("no such file or folder", where=str(path), hint=_neighbours(path)) from None
    except (OSError, ValueError) as error:
        raise InputError(f"cannot look at it: {_reason(error)}", where=_printable(path)) from None


def _read(path: Path, n_bytes: int) -> bytes:
    mode = _status(path).st_mode
    if stat.S_ISDIR(mode):
        raise InputError("this is a folder", where=str(path), hint="name a file in it, or a format that reads folders")
    if not stat.S_ISREG(mode):
        raise InputError("this is not a regular file", where=str(path), hint="pipes and devices are not read; save it as a file")
    try:
        with path.open("rb") as stream:
            return stream.read(n_bytes)
    except OSError as error:
        raise InputError(f"cannot read it: {_reason(error)}", where=str(path)) from None


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _printable(path: Path) -> str:
    return str(path).encode("unicode_escape").decode("ascii")[:200]


def _neighbours(path: Path) -> str:
    from difflib import get_close_matches

    try:
        names = [entry.name for _, entry in zip(range(1000), path.parent.iterdir(), strict=False)]
    except OSError:
        return "check the path"
    near = get_close_matches(path.name, names, n=3, cutoff=0.6)
    return f"did you mean {', '.join(near)}?" if near else "check the path"
