"""All formats, and which of them a source is written in."""

from importlib import import_module
from pathlib import Path
from typing import Any, cast

from nettwin.errors import FormatError, InputError, LimitError, NettwinError, UnknownNameError
from nettwin.formats.coverage import CoverageReport
from nettwin.formats.format import ArchiveFormat, Format, NamedSources, WritableFormat
from nettwin.formats.imported import Imported
from nettwin.formats.safe_input.files import is_folder, read_head
from nettwin.scenario import Scenario

FORMATS = (
    "yaml",
    "datanet",
    "sndlib",
    "graphml",
    "gml",
    "repetita",
    "rfc8345",
    "topohub_json",
    "node_link",
    "csv_tables",
)
"""Modules of this package, in the order in which they are asked whether they recognise a file. Imported when first needed."""

NAMED = ("topohub",)
"""Modules that are asked by name, as ``topohub:sndlib/germany50``."""


def format_names() -> tuple[str, ...]:
    """What ``format=`` accepts."""
    return tuple(module.NAME for module in _formats()) + NAMED


def writable_format_names() -> tuple[str, ...]:
    """What ``write`` accepts as a format."""
    return tuple(module.NAME for module in _formats() if isinstance(module, WritableFormat))


def read(source: str | Path, format: str | None = None) -> Imported:  # noqa: A002 - the word users expect
    """The scenario in a file, a folder, a member of an archive (``path#member``) or a collection (``topohub:name``).

    Raises InputError or one of its kinds, whatever the source holds.
    """
    try:
        return _read(str(source), format)
    except NettwinError:
        raise
    except MemoryError:
        raise LimitError("reading it needs more memory than there is", where=_shown(source)) from None
    except (
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        OSError,
        RuntimeError,
        SyntaxError,
        TypeError,
        ValueError,
    ) as error:
        # The net below all readers and the libraries they use: a caller needs to expect InputError only.
        what = f"cannot be understood: {type(error).__name__}: {error}"
        raise FormatError(what[:500], where=_shown(source), hint="if the file is sound, please report it") from error


def write(scenario: Scenario, path: str | Path, format: str | None = None) -> CoverageReport:  # noqa: A002
    """Writes a scenario in the format of that name, or of the path's extension. Returns what could not be written."""
    path = Path(path)
    module = _named_format(format) if format else _format_of_extension(path)
    if not isinstance(module, WritableFormat):
        raise InputError(f"{module.NAME} cannot be written", where=str(path), hint=f"writable: {', '.join(writable_format_names())}")
    try:
        return module.write(scenario, path)
    except OSError as error:
        raise InputError(f"cannot write: {error.strerror or error}", where=str(path)) from None


def scenario_schema() -> dict[str, Any]:
    """The JSON Schema of nettwin's own format, for editors and other programs."""
    from nettwin.formats.yaml import scenario_schema as schema_of_yaml

    return schema_of_yaml()


def recognize(path: Path) -> Format:
    """The format of a file or folder, by its name and its first bytes."""
    head = read_head(path)
    for module in _formats():
        if module.recognizes(path, head):
            return module
    what = "no known format" if head or is_folder(path) else "the file is empty"
    raise FormatError(what, where=_shown(path), hint=f"known: {', '.join(format_names())}; name one with format=")


def _read(source: str, name: str | None) -> Imported:
    collection, colon, item = source.partition(":")
    if name in NAMED or (colon and collection in NAMED):
        wanted = name if name in NAMED else collection
        return _collection(str(wanted)).read_name(item if collection == wanted and colon else source)
    path, member = _split_member(source)
    module = _named_format(name) if name else recognize(path)
    if not member:
        return module.read(path)
    if not isinstance(module, ArchiveFormat):
        raise InputError(f"{module.NAME} has no members", where=source, hint=f"leave out #{member}")
    return module.read_member(path, member)


def _split_member(source: str) -> tuple[Path, str]:
    """A ``#`` may also be part of a file's name: then the file is there."""
    before, mark, member = source.rpartition("#")
    try:
        is_whole = not mark or Path(source).exists()
    except (OSError, ValueError):
        is_whole = True
    return (Path(source), "") if is_whole else (Path(before), member)


def _formats() -> tuple[Format, ...]:
    return tuple(cast(Format, import_module(f"nettwin.formats.{name}")) for name in FORMATS)


def _collection(name: str) -> NamedSources:
    return cast(NamedSources, import_module(f"nettwin.formats.{name}"))


def _named_format(name: str) -> Format:
    for module in _formats():
        if name == module.NAME:
            return module
    raise UnknownNameError.among("format", name, format_names())


def _format_of_extension(path: Path) -> Format:
    """The writable format with the longest extension that fits: ``.topohub.json`` is more than ``.json``."""
    name = path.name.lower()
    fits = [
        (len(extension), module)
        for module in _formats()
        if isinstance(module, WritableFormat)
        for extension in module.EXTENSIONS
        if name.endswith(extension)
    ]
    if not fits:
        raise InputError("no writable format has this extension", where=str(path), hint=f"name one: {', '.join(writable_format_names())}")
    return max(fits, key=lambda fit: fit[0])[1]


def _shown(source: str | Path) -> str:
    return str(source).encode("unicode_escape").decode("ascii")[:300]
