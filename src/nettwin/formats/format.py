"""What a format is: a module with these names."""

from pathlib import Path
from typing import Protocol, runtime_checkable

from nettwin.formats.coverage import CoverageReport
from nettwin.formats.imported import Imported
from nettwin.scenario import Scenario


@runtime_checkable
class Format(Protocol):
    """A readable format. All errors that a file can cause are InputErrors (FormatError, LimitError, ScenarioError, ...)."""

    NAME: str
    """How the command line calls it."""
    DESCRIPTION: str
    """One line for people."""
    EXTENSIONS: tuple[str, ...]
    """Lower case with the dot, as ``.xml``; the first is the usual one. Empty for folders and names."""

    def recognizes(self, path: Path, head: bytes) -> bool:
        """Whether this file is probably ours. ``head``: its first 64 KiB, expanded if gzipped; empty for a folder."""
        ...

    def read(self, path: Path) -> Imported:
        """The scenario in a file or folder."""
        ...


@runtime_checkable
class WritableFormat(Format, Protocol):
    """A format that can also be written."""

    def write(self, scenario: Scenario, path: Path) -> CoverageReport:
        """Writes the scenario. What the format cannot hold is reported as ignored."""
        ...


@runtime_checkable
class ArchiveFormat(Format, Protocol):
    """A format with many scenarios in one file; a member is named ``path#member``."""

    def member_names(self, path: Path) -> tuple[str, ...]:
        """The members, in order."""
        ...

    def read_member(self, path: Path, member: str) -> Imported:
        """One of them."""
        ...


@runtime_checkable
class NamedSources(Protocol):
    """A collection that is asked by name instead of by file: ``<NAME>:<name>``."""

    NAME: str
    DESCRIPTION: str

    def read_name(self, name: str) -> Imported:
        """The scenario with this name. Raises UnknownNameError with suggestions."""
        ...
