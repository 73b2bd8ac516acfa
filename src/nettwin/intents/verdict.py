"""What a judged intent looks like: clause by clause, with reasons."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """Whether a clause holds."""

    SATISFIED = "satisfied"
    VIOLATED = "violated"
    UNDETERMINED = "undetermined"
    """The interval of the prediction straddles the bound, or the engine makes no claim."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseVerdict:
    """One clause, judged."""

    clause: str
    """Its name: ``slos[0]`` or the name that the intent gives it, ``limits.max_utilization``, ``survive[0]``, ``paths[1]``."""
    status: Status
    is_hard: bool = True
    excess: float = 0.0
    """How far beyond the bound, relative to it, summed over the demands or links concerned; 0 where it is kept."""
    doubt: float = 0.0
    """Likewise for the far end of the interval: 0 where the clause surely holds."""
    penalty: float = 0.0
    """Price of a violated soft clause."""
    words: str = ""
    """A sentence for a network engineer: what was asked, what is, who is responsible."""
    demands: tuple[str, ...] = ()
    """Ids of responsible demands, the worst first."""
    links: tuple[str, ...] = ()
    """Ids of responsible links, the worst first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A scenario's performance held against an intent."""

    clauses: tuple[ClauseVerdict, ...]
    objectives: tuple[float, ...]
    """Value of each objective, in order."""

    def of(self, status: Status) -> tuple[ClauseVerdict, ...]:
        """The clauses with this status."""
        return tuple(clause for clause in self.clauses if clause.status is status)

    @property
    def hard_excess(self) -> float:
        """Total relative excess of the hard clauses that are violated."""
        return sum(clause.excess for clause in self.clauses if clause.is_hard and clause.status is Status.VIOLATED)

    @property
    def hard_doubt(self) -> float:
        """Total relative excess of the hard clauses if the far ends of all intervals came true."""
        return sum(clause.doubt for clause in self.clauses if clause.is_hard)

    @property
    def penalty(self) -> float:
        """Total price of the soft clauses that are violated."""
        return sum(clause.penalty for clause in self.clauses)
