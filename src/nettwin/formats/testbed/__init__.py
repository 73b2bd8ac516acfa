"""testbed: what a hardware testbed measured (8 routers, 2 switches, a traffic generator), one experiment per line of JSON.

Two collections are read: the GNN challenge of 2023 (mean delay per flow) and the windowed recordings of the transfer-learning study
(mean delay per flow and per 100 ms). What their lines leave out, and what stands in for it, is in ``docs/hardware.md``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from nettwin.errors import FormatError, InputError, NettwinError
from nettwin.formats.coverage import CoverageLog
from nettwin.formats.imported import Imported
from nettwin.formats.safe_input import is_folder
from nettwin.formats.testbed.assemble import assemble
from nettwin.formats.testbed.files import files_in, lines_of, record_of
from nettwin.formats.testbed.windows import n_windows, window_of

__all__ = [
    "DESCRIPTION",
    "EXTENSIONS",
    "NAME",
    "Experiment",
    "experiments",
    "is_collection",
    "member_names",
    "read",
    "read_member",
    "recognizes",
    "windows",
]

NAME = "testbed"
DESCRIPTION = "recordings of a hardware testbed (GNN challenge 2023, windowed recordings): lines of JSON"
EXTENSIONS: tuple[str, ...] = (".jsonl.gz", ".jsonl")


@dataclass(frozen=True, slots=True)
class Experiment:
    """One experiment, or one window of time of it, not yet read."""

    path: Path
    index: int
    """Its line, from 0."""
    window: int | None = None
    """Counted from 0; None: the whole experiment."""

    @property
    def source(self) -> str:
        """What ``formats.read`` and the command line call it."""
        return f"{self.path}#{self.index}" + ("" if self.window is None else f"/{self.window}")

    def read(self) -> Imported:
        """Scenario and recorded performance."""
        coverage = CoverageLog()
        try:
            record = record_of(self.path, self.index)
            if self.window is not None:
                record = window_of(record, self.window)
            scenario, performance = assemble(record, self.source, coverage)
        except NettwinError as error:
            raise error.at(self.source) from None
        return Imported(scenario, coverage.report(), performance)


def recognizes(path: Path, head: bytes) -> bool:
    """Lines of JSON with the fields of a testbed, or a folder of such files."""
    if head:
        return path.name.endswith(EXTENSIONS) and head.lstrip().startswith(b"{") and b'"flow_' in head and b"link_" in head
    return is_folder(path) and is_collection(path)


def is_collection(path: Path) -> bool:
    """Whether it is a file of experiments by its name, or a folder that holds one."""
    return next(files_in(path), None) is not None if is_folder(path) else path.name.endswith(EXTENSIONS)


def experiments(path: Path | str) -> Iterator[Experiment]:
    """All experiments of a file, or of the files of a folder, in a fixed order; each is read when it is asked for."""
    path = Path(path)
    for file in files_in(path) if is_folder(path) else [path]:
        yield from (Experiment(file, index) for index in range(len(lines_of(file))))


def windows(path: Path | str) -> Iterator[Experiment]:
    """The windows of all experiments, in order; none where a recording has no windows."""
    for experiment in experiments(path):
        count = n_windows(record_of(experiment.path, experiment.index))
        yield from (Experiment(experiment.path, experiment.index, window) for window in range(count))


def member_names(path: Path) -> tuple[str, ...]:
    """``0``, ``1``, ... within a file; ``<file>/0``, ... within a folder. A window is ``0/17``, and not listed."""
    return tuple(str(e.index) if e.path == path else f"{e.path.relative_to(path).as_posix()}/{e.index}" for e in experiments(path))


def read(path: Path) -> Imported:
    """The only experiment of a file. Raises InputError where there are several."""
    found = list(islice(experiments(path), 2))
    if not found:
        raise FormatError("no experiment inside", where=str(path))
    if len(found) > 1:
        hint = f"name one of them, as {found[0].source}; `nettwin evaluate` reads them all"
        raise InputError("there are several experiments inside", where=str(path), hint=hint)
    return found[0].read()


def read_member(path: Path, member: str) -> Imported:
    """One of the ``member_names``, or a window of one in a file, as ``3/17``."""
    pieces = member.split("/")
    numbers = [int(piece) for piece in pieces if piece.isascii() and piece.isdigit()]
    if is_folder(path) and len(pieces) == 2 and len(numbers) == 1 and (file := path / pieces[0]) in set(files_in(path)):
        return Experiment(file, numbers[0]).read()
    if is_folder(path) or len(numbers) != len(pieces) or len(numbers) > 2:
        raise InputError(f"no experiment {member!r}", where=str(path), hint="count from 0, as file.jsonl.gz#0 or file.jsonl.gz#0/17")
    return Experiment(path, *numbers).read()
