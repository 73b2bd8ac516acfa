"""What is remembered about a topology as long as it lives, by identity: comparing two would cost more than most answers."""

import weakref
from typing import Generic, TypeVar

from nettwin.scenario import Topology

Value = TypeVar("Value")


class ByTopology(Generic[Value]):
    """One value for each topology, the latest."""

    def __init__(self) -> None:
        self._values: dict[int, Value] = {}

    def get(self, topology: Topology) -> Value | None:
        """The value of this very object."""
        return self._values.get(id(topology))

    def put(self, topology: Topology, value: Value) -> None:
        """Remembers a value, which must not hold the topology itself."""
        if id(topology) not in self._values:
            weakref.finalize(topology, self._values.pop, id(topology), None).atexit = False
        self._values[id(topology)] = value
