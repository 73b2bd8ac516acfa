"""Every deliberate error of nettwin.

    NettwinError
    ├── InputError                 what came in cannot be used (exit code 3)
    │   ├── ScenarioError          values that contradict each other or the physics
    │   ├── UnknownNameError       a name that nothing answers to
    │   ├── FormatError            a file that cannot be understood
    │   └── LimitError             a file beyond the limits that protect the reader
    ├── PredictionError            a predictor cannot answer this question (exit code 3)
    │   └── NotConvergedError      an answer was not reached within its budget (exit code 4)
    ├── OptimizationError          a method cannot handle this intent (exit code 3)
    └── MissingDependencyError     an optional part is not installed (exit code 3)

Each says what happened, where, which value, and what to do next.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class NettwinError(Exception):
    """Base of all deliberate errors."""

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        self.what = what
        self.where = where
        self.hint = hint
        super().__init__(_sentence(what, where, hint))

    def at(self, where: str) -> "NettwinError":
        """The same error, seen from outside: ``where`` is put before its own place."""
        place = f"{where}: {self.where}" if self.where else where
        return type(self)(self.what, where=place, hint=self.hint)


class InputError(NettwinError):
    """What came in cannot be used."""


class ScenarioError(InputError):
    """Values that contradict each other or the physics."""


class UnknownNameError(InputError):
    """A name that nothing answers to."""

    @classmethod
    def among(cls, kind: str, name: str, known: Iterable[str], *, where: str = "") -> "UnknownNameError":
        """An error that suggests the nearest of the ``known`` names."""
        known = list(known)
        near = get_close_matches(name, known, n=3, cutoff=0.5)
        hint = f"did you mean {', '.join(near)}?" if near else f"known: {_shortened(known)}"
        return cls(f"unknown {kind} {name!r}", where=where, hint=hint)


class FormatError(InputError):
    """A file that cannot be understood."""


class LimitError(InputError):
    """A file beyond the limits that protect the reader (size, depth, count, expansion)."""


class PredictionError(NettwinError):
    """A predictor cannot answer this question."""


class NotConvergedError(PredictionError):
    """An answer was not reached within its budget."""


class OptimizationError(NettwinError):
    """A method of optimization cannot handle this intent."""


class MissingDependencyError(NettwinError):
    """An optional part is not installed."""


def _sentence(what: str, where: str, hint: str) -> str:
    place = f"{where}: " if where else ""
    advice = f" ({hint})" if hint else ""
    return f"{place}{what}{advice}"


def _shortened(names: list[str], limit: int = 12) -> str:
    shown = ", ".join(names[:limit])
    return f"{shown}, ... ({len(names)} in all)" if len(names) > limit else shown or "none"
