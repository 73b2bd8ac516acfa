"""Seeds of the random streams: one per demand and replication."""

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]


def _mixed(words: Words) -> Words:
    """The finalizer of SplitMix64; see ``kernels.random.mixed``."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def _absorbed(state: Words, value: int | Words) -> Words:
    """Hash one more value in. Adding it would not do: streams of neighboring seeds would be shifted copies of each other."""
    word = np.asarray(value, dtype=np.uint64).reshape(-1)
    return _mixed(state ^ _mixed(word + np.uint64(0x9E3779B97F4A7C15)))


def stream_seeds(seed: int, replication: int, n_demands: int) -> tuple[Words, Words]:
    """Two words of initial state per demand, hashed from (seed, replication, demand)."""
    start = np.full(1, 0x243F6A8885A308D3, dtype=np.uint64)
    run = _absorbed(_absorbed(start, seed % 2**64), replication)
    demand = _absorbed(run, np.arange(n_demands, dtype=np.uint64))
    return _absorbed(demand, 1), _absorbed(demand, 2) | np.uint64(1)


def salt(seed: int, replication: int) -> int:
    """A word for draws that belong to no stream."""
    start = np.full(1, 0x13198A2E03707344, dtype=np.uint64)
    return int(_absorbed(_absorbed(start, seed % 2**64), replication)[0])
