"""The steady state does not depend on how long links are, so a simulation of it need not wait for light.

Propagation delays a stationary stream without changing it. Only the lag between streams that share a queue, part, and meet again on
paths of different length is changed; sources are independent, so what is left of that is far below the noise of any run. A backbone
with terabits under way would otherwise have to send tens of millions of packets before the first one arrives.
"""

from dataclasses import replace

import numpy as np

from nettwin.simulation.horizon import events_per_s
from nettwin.simulation.layout import Stage

_PACKETS_PER_WINDOW = 64.0
"""Propagation that is kept, in mean gaps between packets of a port: room for the window engine, and little under way."""


def with_short_links(stage: Stage) -> Stage:
    """The same question with shorter links; ``path_shift_s`` is what is added to the delay of each path's packets in return."""
    topology, routing = stage.scenario.topology, stage.routing
    kept_s = np.minimum(topology.propagation_delay_s, _kept_propagation_s(stage))
    removed_s = topology.propagation_delay_s - kept_s
    if not removed_s.any():
        return stage
    links = tuple(replace(link, propagation_delay_s=kept) for link, kept in zip(topology.links, kept_s.tolist(), strict=True))
    return Stage(
        scenario=replace(stage.scenario, topology=replace(topology, links=links)),
        routing=routing,
        path_shift_s=np.bincount(routing.hop_path, removed_s[routing.hop_link], routing.n_paths).astype(np.float64),
    )


def _kept_propagation_s(stage: Stage) -> float:
    n_ports = len(np.unique(stage.routing.hop_link))
    rate = events_per_s(stage)
    return _PACKETS_PER_WINDOW * n_ports / rate if rate > 0 else np.inf
