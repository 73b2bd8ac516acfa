"""Where the pieces of a simulation lie: five text files in an archive, line i for simulation i, graphs and routings beside it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from nettwin.errors import FormatError, InputError, LimitError
from nettwin.formats.safe_input import decode, inside, is_archive, is_folder, read_members, read_text

PARTS = ("input_files.txt", "traffic.txt", "stability.txt", "simulationResults.txt", "linkUsage.txt")
OPTIONAL = ("simulationResults.txt", "linkUsage.txt")
MOST_SIMULATIONS = 100_000
LONGEST_SEARCH = 20_000
"""Files that are looked at in a folder before giving up."""


@dataclass(frozen=True, slots=True)
class SimulationText:
    """All that is written about one simulation."""

    name: str
    graph: str
    routing: str
    traffic: str
    stability: str
    results: str
    """Empty where there is none, as for the next one."""
    link_usage: str


@dataclass(frozen=True, eq=False)
class Archive:
    """The text of all simulations of one archive."""

    path: Path
    lines: dict[str, list[str]]  # part -> line per simulation

    def __len__(self) -> int:
        return len(self.lines["input_files.txt"])

    def simulation(self, index: int) -> SimulationText:
        """The pieces of one simulation, with the graph and the routing that it names."""
        _number, graph, routing = self._names(index)
        parts = {part: lines[index] for part, lines in self.lines.items()}
        return SimulationText(
            name=f"{self.path.name.removesuffix('.tar.gz')}#{index}",
            graph=_shared_file(self.path, "graphs", graph),
            routing=_shared_file(self.path, "routings", routing),
            traffic=parts["traffic.txt"],
            stability=parts["stability.txt"],
            results=parts.get("simulationResults.txt", ""),
            link_usage=parts.get("linkUsage.txt", ""),
        )

    def _names(self, index: int) -> list[str]:
        names = self.lines["input_files.txt"][index].strip().split(";")
        if len(names) != 3:
            raise FormatError(f"{len(names)} fields", where=f"input_files.txt: line {index + 1}", hint="expected number;graph;routing")
        return names


def archives_in(folder: Path) -> Iterator[Path]:
    """Archives and unpacked simulations below a folder, numbers in their natural order."""
    found = []
    for count, path in enumerate(folder.rglob("*")):
        if count == LONGEST_SEARCH:
            raise InputError(f"more than {LONGEST_SEARCH} files", where=str(folder), hint="name a smaller folder")
        if path.name.endswith(".tar.gz") or path.name == "input_files.txt":
            found.append(path if path.name.endswith(".tar.gz") else path.parent)
    for path in sorted(found, key=_natural):
        if is_folder(path) or _holds_simulations(path):
            yield path


def is_simulation_folder(path: Path) -> bool:
    """Whether a folder is an unpacked archive."""
    return (path / "input_files.txt").is_file()


def open_archive(path: Path) -> Archive:
    """The text of an archive or of an unpacked one. The last few are kept, for their next simulation."""
    status = path.stat() if path.exists() else None
    return _open(path, status.st_mtime_ns if status else 0, status.st_size if status else 0)


@lru_cache(maxsize=2)
def _open(path: Path, _mtime_ns: int, _size: int) -> Archive:
    texts = _unpacked(path) if is_folder(path) else _packed(path)
    missing = [part for part in PARTS if part not in texts and part not in OPTIONAL]
    if missing:
        raise FormatError(f"{', '.join(missing)} is missing", where=str(path), hint="a datanet archive holds " + ", ".join(PARTS))
    for part, text in texts.items():
        if text.count("\n") > MOST_SIMULATIONS:
            raise LimitError(f"more than {MOST_SIMULATIONS} simulations", where=f"{path}: {part}", hint="split the archive")
    lines = {part: text.split("\n") for part, text in texts.items()}
    lines = {part: rows[:-1] if rows[-1] == "" else rows for part, rows in lines.items()}
    for part, rows in lines.items():
        if len(rows) != len(lines["input_files.txt"]):
            what = f"{len(rows)} lines for {len(lines['input_files.txt'])} simulations"
            raise FormatError(what, where=f"{path}: {part}", hint="it is truncated; fetch the archive again")
    return Archive(path, lines)


def _packed(path: Path) -> dict[str, str]:
    members = read_members(path, lambda name: PurePosixPath(name).name in PARTS)
    texts = {PurePosixPath(name).name: decode(data, f"{path}: {name}") for name, data in members.items()}
    if len(texts) != len(members):
        raise FormatError("several simulation folders in one archive", where=str(path), hint="split it")
    return texts


def _unpacked(folder: Path) -> dict[str, str]:
    return {part: read_text(folder / part) for part in PARTS if (folder / part).is_file()}


def _holds_simulations(path: Path) -> bool:
    from nettwin.formats.safe_input import read_head

    return is_archive(path) and any(part.encode() in read_head(path) for part in PARTS)


def _shared_file(archive: Path, kind: str, name: str) -> str:
    """Graphs and routings lie in a folder beside the archive, or one above."""
    for folder in (archive, archive.parent, archive.parent.parent):
        shelf = folder / kind
        if shelf.is_dir() and (path := inside(shelf, name)).is_file():
            return read_text(path)
    raise InputError(f"{name!r} is nowhere", where=f"{archive}: input_files.txt", hint=f"put it into {archive.parent / kind}")


def _natural(path: Path) -> list[tuple[int, str]]:
    return [(int(piece), "") if piece.isdigit() else (-1, piece) for piece in re.split(r"([0-9]+)", str(path))]
