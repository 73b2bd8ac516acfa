"""The compiled part is compiled before the clock starts: that happens once per machine and is no search."""

from functools import cache

import numpy as np

from nettwin.optimize.twin_guided.kernels import FIFO, Flows, Model, Pairs, Ports, descend, figures_of_queues, tune_shares


@cache
def compile_kernels() -> None:
    """Runs every kernel on one link between two nodes; a quarter of a minute where nothing is in numba's cache, else milliseconds."""
    model = _smallest()
    way = np.array([-1])
    descend(model, np.zeros((1, 3), dtype=np.bool_), way, way, (1, 1, 1, 1))
    tune_shares(model, way, np.array([0.5, 2.0]), 0.01)
    figures_of_queues(model.ports, np.ones(1))


def _smallest() -> Model:
    one, none, ones = np.ones(1), np.zeros(0), np.zeros(1, dtype=np.int64)
    ports = Ports(one, one, np.array([0, 1]), np.array([FIFO]), one, one, one, one, one, np.inf, 0.0)
    flows = Flows(ones, ones + 1, one, np.zeros((1, 1), dtype=np.int64), ones, one, one, one)
    no_links = np.zeros(0, dtype=np.int64)
    pairs = Pairs(2, np.array([0, 0, 1, 1, 1]), ones, one, np.array([0, 0]), no_links, none)
    return Model(ports, flows, pairs)
