"""Where things stand in the arrays of a simulation, for all phases of a timeline at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nettwin.scenario import Routing, Scenario
from nettwin.scenario.arrays import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Stage:
    """A scenario and its paths: all of a plain simulation, or one phase of a timeline."""

    scenario: Scenario
    routing: Routing
    path_shift_s: FloatArray | None = None  # [path] added to the delay of its packets; None: nothing


@dataclass(frozen=True, eq=False)
class Layout:
    """Queues numbered link by link with room for the most that any stage has; paths and hops stage after stage."""

    first_queue: IntArray  # [link]
    n_queues: IntArray  # [link]
    first_path: IntArray  # [stage + 1]
    first_hop: IntArray  # [stage + 1]

    @classmethod
    def of(cls, stages: Sequence[Stage]) -> "Layout":
        """The layout of these stages, which share the order of nodes, links and demands."""
        n_queues = np.max([np.diff(stage.scenario.topology.queues.offsets) for stage in stages], axis=0).astype(np.int64)
        return cls(
            first_queue=np.concatenate([[0], np.cumsum(n_queues)[:-1]]).astype(np.int64) if len(n_queues) else n_queues,
            n_queues=n_queues,
            first_path=np.cumsum([0, *(stage.routing.n_paths for stage in stages)]),
            first_hop=np.cumsum([0, *(len(stage.routing.hop_link) for stage in stages)]),
        )

    @property
    def n_queues_in_all(self) -> int:
        return int(self.n_queues.sum())

    def rows_of_queues(self, scenario: Scenario) -> IntArray:  # [queue of the scenario]
        """Row in the layout of each queue of the scenario's topology."""
        queues = scenario.topology.queues
        local = np.arange(len(queues.link)) - queues.offsets[queues.link]
        return np.asarray(self.first_queue[queues.link] + local, dtype=np.int64)
