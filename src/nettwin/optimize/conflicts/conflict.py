"""What a conflict is, how clauses are called, and how a conflicting set becomes minimal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nettwin.intents.intent import Intent
from nettwin.intents.judging.slos import slo_names

MAX_UTILIZATION = "limits.max_utilization"
MAX_CHANGES = "limits.max_changes"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Clauses that cannot hold together, each of which is needed for that."""

    clauses: tuple[str, ...]
    """Names as in verdicts."""
    words: str
    """Why, for a network engineer."""


def path_names(intent: Intent) -> list[str]:
    """How the path constraints of an intent are called, in order."""
    return [constraint.name or f"paths[{index}]" for index, constraint in enumerate(intent.paths)]


def survive_names(intent: Intent) -> list[str]:
    """How the survival clauses of an intent are called, in order."""
    return [f"survive[{index}]" for index in range(len(intent.survive))]


def hard_slos(intent: Intent) -> list[int]:
    """Positions of the SLOs that must be kept."""
    return [index for index, slo in enumerate(intent.slos) if slo.soft is None]


def names_of(intent: Intent, paths: Sequence[int], slos: Sequence[int]) -> tuple[str, ...]:
    """Names of path constraints and SLOs by position."""
    of_paths, of_slos = path_names(intent), slo_names(intent)
    return (*(of_paths[index] for index in paths), *(of_slos[index] for index in slos))


def minimal(clauses: Sequence[str], is_impossible: Callable[[tuple[str, ...]], bool]) -> tuple[str, ...]:
    """The clauses without those that are not needed: whatever is left out of the result, the others can hold (deletion filter).

    Chinneck and Dravnieks (1991). ``is_impossible`` is known to hold for all clauses together.
    """
    kept = tuple(clauses)
    for clause in clauses:
        without = tuple(each for each in kept if each != clause)
        if is_impossible(without):
            kept = without
    return kept


def listed(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def cannot_hold(names: Sequence[str]) -> str:
    """The beginning of the sentence."""
    verb = "cannot hold" if len(names) == 1 else "cannot both hold" if len(names) == 2 else "cannot all hold"
    return f"{listed(names)} {verb}"
