"""What became of everything in a file: modelled, ignored or unknown, with places. Nothing is dropped in silence."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """What an importer (or an exporter) did with an item."""

    MODELLED = "modelled"
    """It is in the scenario (or in the file)."""
    IGNORED = "ignored"
    """It is understood, and left out on purpose; the note says why or what stands in for it."""
    UNKNOWN = "unknown"
    """It is not understood and therefore not in the scenario."""


@dataclass(frozen=True, slots=True)
class CoverageEntry:
    """One kind of item of a file, and what became of it."""

    status: Status
    item: str
    """What it is called in the file, as ``link/@speed`` or ``<routingCost>``."""
    place: str = ""
    """Where it was met first, as ``line 12`` or ``links[3]``."""
    note: str = ""
    """Why it is ignored, what it became, which default was taken."""
    count: int = 1
    """How often it was met."""


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """All that was found in a file."""

    entries: tuple[CoverageEntry, ...] = ()

    def __iter__(self) -> Iterator[CoverageEntry]:
        return iter(self.entries)

    def of(self, status: Status) -> tuple[CoverageEntry, ...]:
        """The entries with one status."""
        return tuple(entry for entry in self.entries if entry.status is status)

    def count(self, status: Status) -> int:
        """How many items of the file have this status."""
        return sum(entry.count for entry in self.of(status))

    @property
    def is_complete(self) -> bool:
        """Whether nothing was ignored or unknown."""
        return all(entry.status is Status.MODELLED for entry in self.entries)

    def summary(self) -> str:
        """One line for people."""
        return ", ".join(f"{self.count(status)} {status}" for status in Status)


class CoverageLog:
    """Collects entries while a file is read. Items that differ only in their place become one entry with a count."""

    def __init__(self) -> None:
        self._entries: dict[tuple[Status, str, str], tuple[str, int]] = {}

    def modelled(self, item: str, place: str = "", note: str = "", count: int = 1) -> None:
        self._add((Status.MODELLED, item, note), place, count)

    def ignored(self, item: str, place: str = "", note: str = "", count: int = 1) -> None:
        self._add((Status.IGNORED, item, note), place, count)

    def unknown(self, item: str, place: str = "", note: str = "", count: int = 1) -> None:
        self._add((Status.UNKNOWN, item, note), place, count)

    def _add(self, key: tuple[Status, str, str], place: str, count: int) -> None:
        first, so_far = self._entries.get(key, (place, 0))
        if so_far + count > 0:
            self._entries[key] = (first, so_far + count)

    def report(self) -> CoverageReport:
        """All entries, in the order in which they were first met."""
        return CoverageReport(
            tuple(CoverageEntry(status, item, place, note, n) for (status, item, note), (place, n) in self._entries.items())
        )
