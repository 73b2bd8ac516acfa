"""Compiled: what it costs to take back the changes of demands, and taking them back."""

from pathlib import Path

import numpy as np

from nettwin.compiled import compiled, discard_stale_cache
from nettwin.optimize.local_search.kernels import Demands, Network, Ways, add_way
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray

_FOLDER = Path(__file__).parent

discard_stale_cache(
    _FOLDER,
    [path for folder in (_FOLDER, _FOLDER.parent / "steering", _FOLDER.parents[1] / "controlplane") for path in folder.glob("*.py")],
)


@compiled
def add_return(  # noqa: PLR0913, PLR0917
    network: Network, demands: Demands, ways: Ways, home: Ways, demand: int, change: FloatArray, touched: IntArray
) -> int:
    """Add to ``change`` what taking back the change of a demand does to the links; how many are listed in ``touched``."""
    ends, rate, n = (demands.source[demand], demands.target[demand]), demands.rate[demand], 0
    for way in range(ways.n_ways[demand]):
        n = add_way(network, ends, ways.legs[demand, way], -rate * ways.weight[demand, way], change, touched, n)
    for way in range(home.n_ways[demand]):
        n = add_way(network, ends, home.legs[demand, way], rate * home.weight[demand, way], change, touched, n)
    return n


@compiled
def take_back(ways: Ways, home: Ways, demand: int, change: FloatArray, touched: IntArray, n: int) -> None:
    """Steer a demand as at home, and clear ``change``."""
    for index in range(n):
        ways.load[touched[index]] += change[touched[index]]
        change[touched[index]] = 0.0
    ways.legs[demand] = home.legs[demand]
    ways.weight[demand] = home.weight[demand]
    ways.n_ways[demand] = home.n_ways[demand]


@compiled
def changed(ways: Ways, home: Ways) -> BoolArray:  # [demand]
    """Which demands are steered otherwise than at home."""
    differs = np.zeros(len(ways.n_ways), dtype=np.bool_)
    for demand in range(len(differs)):
        differs[demand] = ways.n_ways[demand] != home.n_ways[demand]
        for way in range(home.n_ways[demand]):
            if abs(ways.weight[demand, way] - home.weight[demand, way]) > 0.0:
                differs[demand] = True
            for step in range(ways.legs.shape[2]):
                if ways.legs[demand, way, step] != home.legs[demand, way, step]:
                    differs[demand] = True
    return differs


@compiled
def take_back_below(network: Network, demands: Demands, ways: Ways, home: Ways, rows: IntArray, ceiling: FloatArray) -> int:
    """Take back the changes of demands, in this order, where no link comes above its ceiling in bit/s; how many were taken back.

    Those that have to wait are tried again until a round takes none back.
    """
    change, touched = np.zeros(len(ways.load)), np.empty(64 * (len(ways.load) + len(demands.first)), dtype=np.int32)
    is_back = np.zeros(len(rows), dtype=np.bool_)
    n_before, n_back = -1, 0
    while n_back > n_before:
        n_before = n_back
        for position in range(len(rows)):
            if is_back[position]:
                continue
            n, fits = add_return(network, demands, ways, home, rows[position], change, touched), True
            for index in range(n):
                link = touched[index]
                if change[link] > 0.0 and ways.load[link] + change[link] > ceiling[link]:
                    fits = False
                    break
            if fits:
                take_back(ways, home, rows[position], change, touched, n)
                is_back[position] = True
                n_back += 1
            else:
                for index in range(n):
                    change[touched[index]] = 0.0
    return n_back


@compiled
def take_all_back(network: Network, demands: Demands, ways: Ways, home: Ways, rows: IntArray) -> None:
    """Take back the changes of demands, whatever it does to the links."""
    change, touched = np.zeros(len(ways.load)), np.empty(64 * (len(ways.load) + len(demands.first)), dtype=np.int32)
    for demand in rows:
        n = add_return(network, demands, ways, home, demand, change, touched)
        take_back(ways, home, demand, change, touched, n)


@compiled
def losses(network: Network, demands: Demands, ways: Ways, home: Ways, rows: IntArray, steepness: FloatArray) -> FloatArray:  # [row]
    """Logarithm of the potential sum of exp(steepness * load), after the change of one demand alone is taken back."""
    n_links = len(ways.load)
    change, touched = np.zeros(n_links), np.empty(64 * (n_links + len(demands.first)), dtype=np.int32)
    top, total = -np.inf, 0.0
    for link in range(n_links):
        top = max(top, steepness[link] * ways.load[link])
    for link in range(n_links):
        total += np.exp(steepness[link] * ways.load[link] - top)
    after = np.empty(len(rows))
    for position in range(len(rows)):
        n = add_return(network, demands, ways, home, rows[position], change, touched)
        highest = top
        for index in range(n):
            highest = max(highest, steepness[touched[index]] * (ways.load[touched[index]] + change[touched[index]]))
        rest = total * np.exp(top - highest)
        for index in range(n):
            link = touched[index]
            if change[link] != 0.0:
                rest += np.exp(steepness[link] * (ways.load[link] + change[link]) - highest)
                rest -= np.exp(steepness[link] * ways.load[link] - highest)
                change[link] = 0.0
        after[position] = highest + np.log(max(rest, 1e-300))
    return after
