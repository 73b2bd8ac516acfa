"""What a random scenario is, as its name says it: the samples of a large data set can be counted by their names alone."""

import re
from dataclasses import dataclass

STYLES = ("recorded", "wide")

_NAME = re.compile(rf"({'|'.join(STYLES)}) (\S+) (\d{{1,6}}) nodes load (\d{{1,6}}\.\d\d)(?: (\S+))?")


@dataclass(frozen=True, slots=True)
class ScenarioKind:
    """Style, family of the topology, size, load and trouble of a random scenario."""

    style: str
    family: str
    n_nodes: int
    max_load: float
    """Offered load over capacity of the busiest link, before the trouble."""
    trouble: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.style, self.family, f"{self.n_nodes} nodes", f"load {self.max_load:.2f}", self.trouble)))


def kind_of(name: str) -> ScenarioKind | None:
    """The kind that a name tells; None for the name of something else."""
    if (match := _NAME.fullmatch(name)) is None:
        return None
    style, family, n_nodes, max_load, trouble = match.groups()
    return ScenarioKind(style, family, int(n_nodes), float(max_load), trouble or "")
