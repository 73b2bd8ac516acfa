"""Ids of links and circuits: given ones are unique, missing ones are made from the ends."""

from collections import Counter

from nettwin.errors import ScenarioError


class Names:
    """The ids of one kind that are taken so far. Reading and writing walk over the links in the same order, so they agree."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._taken: set[str] = set()
        self._last: Counter[str] = Counter()

    def take(self, name: str) -> str:
        """Takes a given id. Raises ScenarioError if it is taken."""
        if name in self._taken:
            raise ScenarioError(f"the {self._kind} {name!r} stands twice", hint=f"{self._kind} ids are unique")
        self._taken.add(name)
        return name

    def free(self, wanted: str) -> str:
        """The id that ``new`` would give: as wanted, or with ``#2``, ``#3``, ..."""
        name = wanted if not self._last[wanted] else f"{wanted}#{self._last[wanted] + 1}"
        while name in self._taken:
            self._last[wanted] += 1
            name = f"{wanted}#{self._last[wanted] + 1}"
        return name

    def new(self, wanted: str) -> str:
        """Takes the next free id."""
        return self.take(self.free(wanted))
