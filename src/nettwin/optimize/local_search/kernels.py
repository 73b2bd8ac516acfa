"""Compiled: sweeps over all demands that shift traffic to the way that is cheapest under prices of full links.

The potential of a network is sum over links of exp(sharpness * (utilization / fullest - 1)): the sharper, the more the fullest link
alone counts. A link's price is the derivative of its term. Every shift between two ways of a demand goes exactly as far as lowers the
potential most (a line search along a convex function), so the potential never rises.
"""

from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nettwin.compiled import compiled, discard_stale_cache
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray

_FOLDER = Path(__file__).parent
NO_LEG = np.iinfo(np.int32).max
"""Fills the row of a way that has fewer legs than others."""
LEAST_WEIGHT = 1e-9
"""Of a way: less is given to another way of the demand."""

BALANCED = 1e-3
"""Relative difference of gain and loss at which a shift has gone far enough."""
MARGIN = 1e-4
"""Ways whose prices differ by less, relative to the dearer one, are left as they are."""
ROUNDING = 1e-6
"""Of prices, which are kept in single precision."""

_SOURCES = (_FOLDER, _FOLDER.parent / "steering", _FOLDER.parents[1] / "controlplane")
discard_stale_cache(_FOLDER, [path for folder in _SOURCES for path in folder.glob("*.py")])  # the same in all modules of this folder


inlined = partial(compiled, inline="always")  # numba counts a reference for every array handed to a function


class Network(NamedTuple):
    """Where segments lead."""

    offsets: IntArray  # [node * n + node + 1] of the vector between two nodes
    link: IntArray  # [entry]
    fraction: FloatArray  # [entry]
    link_source: IntArray  # [link]
    link_target: IntArray  # [link]
    capacity: FloatArray  # [link]
    leg: IntArray  # [place] node index or ~link
    enter: IntArray  # [place] node
    leave: IntArray  # [place] node


class Demands(NamedTuple):
    """Who may be steered, source by source."""

    first: IntArray  # [node + 1] the first demand of each source
    source: IntArray  # [demand]
    target: IntArray  # [demand]
    rate: FloatArray  # [demand]
    place: IntArray  # [demand] row of the masks; -1: everything is allowed
    is_allowed: BoolArray  # [constrained, place], the last column: the direct way
    may_move: BoolArray  # [demand]


class Ways(NamedTuple):
    """How each demand is shared; changed in place."""

    legs: IntArray  # [demand, way, step]
    weight: FloatArray  # [demand, way]
    n_ways: IntArray  # [demand]
    load: FloatArray  # [link]


class Prices(NamedTuple):
    """Of links, at the beginning of a sweep."""

    pair: (
        np.ndarray
    )  # [source, target] single precision, of a unit of traffic that follows the forwarding; infinite where nothing leads there
    behind: np.ndarray  # [target, source] the same
    toll: np.ndarray  # [place] single precision, of an adjacency segment's own link
    link: FloatArray  # [link] per unit of traffic
    sharpness: float
    top: float  # the largest utilization


@compiled
def price(network: Network, load: FloatArray, sharpness: float) -> tuple[FloatArray, float]:
    """Price of each link per unit of traffic (times capacity they add up to 1), and the largest utilization."""
    top = 0.0
    for link in range(len(load)):
        top = max(top, load[link] / network.capacity[link])
    price, total = np.empty(len(load)), 0.0
    for link in range(len(load)):
        price[link] = np.exp(sharpness * (load[link] / network.capacity[link] / top - 1.0))
        total += price[link]
    for link in range(len(load)):
        price[link] /= total * network.capacity[link]
    return price, top


@compiled
def price_pairs(network: Network, is_reachable: BoolArray, prices: Prices) -> None:
    """Fill in what a unit of traffic pays between two nodes, and on the link of each place."""
    n, price = len(prices.pair), prices.link
    for source in range(n):
        for target in range(n):
            index = source * n + target
            paid = 0.0
            for entry in range(network.offsets[index], network.offsets[index + 1]):
                paid += network.fraction[entry] * price[network.link[entry]]
            prices.pair[source, target] = paid if is_reachable[source, target] else np.inf
    for target in range(n):
        for source in range(n):
            prices.behind[target, source] = prices.pair[source, target]
    for place in range(len(network.leg)):
        prices.toll[place] = price[~network.leg[place]] if network.leg[place] < 0 else 0.0


@compiled
def relax(best: FloatArray, choice: IntArray, behind: FloatArray, so_far: float, place: int) -> None:
    """Go over one more place where that is cheaper."""
    for target in range(len(best)):
        cost = so_far + behind[target]
        if cost < best[target]:
            best[target] = cost
            choice[target] = place


@compiled
def add_way(  # noqa: PLR0913, PLR0917 (numba counts references of whole tuples)
    network: Network, ends: tuple[int, int], legs: IntArray, amount: float, change: FloatArray, touched: IntArray, n: int
) -> int:
    """Add the loads of a way to ``change``, list its links in ``touched`` (some more than once), return their new number."""
    here, n_nodes = ends[0], len(network.offsets)
    n_nodes = int(np.sqrt(n_nodes - 1) + 0.5)
    for step in range(len(legs) + 1):
        leg = legs[step] if step < len(legs) else ends[1]
        if leg == NO_LEG:
            continue
        to = network.link_source[~leg] if leg < 0 else leg
        index = here * n_nodes + to
        for entry in range(network.offsets[index], network.offsets[index + 1]):
            link = network.link[entry]
            if change[link] == 0.0:
                touched[n] = link
                n += 1
            change[link] += amount * network.fraction[entry]
        here = to
        if leg < 0:
            if change[~leg] == 0.0:
                touched[n] = ~leg
                n += 1
            change[~leg] += amount
            here = network.link_target[~leg]
    return n


@inlined
def cost_of(network: Network, pair: FloatArray, price: FloatArray, ends: tuple[int, int], legs: IntArray) -> float:
    """What a unit of traffic pays on a way."""
    here, paid = ends[0], 0.0
    for leg in legs:
        if leg == NO_LEG:
            continue
        if leg < 0:
            paid += pair[here, network.link_source[~leg]] + price[~leg]
            here = network.link_target[~leg]
        else:
            paid += pair[here, leg]
            here = leg
    return float(paid + pair[here, ends[1]])


@compiled
def balance(change: FloatArray, height: FloatArray, touched: IntArray, n: int, steepness: FloatArray, step: float) -> tuple[float, float]:
    """Logarithm of what the potential gains by a little more of a change over what it loses, and its derivative by the step.

    0 at the best step. Near linear in the step however sharp the potential is, where the potential itself is not.
    """
    top_gain, top_loss = -np.inf, -np.inf
    for index in range(n):
        link = touched[index]
        by = change[link] * steepness[link]
        if by > 0.0:
            top_gain = max(top_gain, height[link] + by * step)
        elif by < 0.0:
            top_loss = max(top_loss, height[link] + by * step)
    gain, loss, gain_by, loss_by = 0.0, 0.0, 0.0, 0.0
    for index in range(n):
        link = touched[index]
        by = change[link] * steepness[link]
        if by > 0.0:
            term = by * np.exp(height[link] + by * step - top_gain)
            gain += term
            gain_by += by * term
        elif by < 0.0:
            term = -by * np.exp(height[link] + by * step - top_loss)
            loss += term
            loss_by += by * term
    if gain == 0.0:
        return -np.inf, 0.0
    if loss == 0.0:
        return np.inf, 0.0
    return top_gain - top_loss + np.log(gain / loss), gain_by / gain - loss_by / loss


@compiled
def best_step(change: FloatArray, height: FloatArray, touched: IntArray, n: int, steepness: FloatArray, most: float) -> float:
    """How much of a change lowers the potential most, at most ``most``; 0: none does.

    ``height`` [link] are the logarithms of the terms of the potential now, ``steepness`` [link] their derivatives by load.
    """
    excess, by_step = balance(change, height, touched, n, steepness, 0.0)
    if excess >= 0.0:
        return 0.0
    if balance(change, height, touched, n, steepness, most)[0] <= 0.0:
        return most
    low, high = 0.0, most
    step = -excess / by_step
    for _trial in range(20):
        if not low < step < high:
            step = 0.5 * (low + high)
        excess, by_step = balance(change, height, touched, n, steepness, step)
        if excess > 0.0:
            high = step
        else:
            low = step
        if abs(excess) < BALANCED:
            return float(step)
        step -= excess / by_step
    return low


@compiled
def difference(change: FloatArray, height: FloatArray, touched: IntArray, n: int, steepness: FloatArray, step: float) -> float:
    """Of the potential, when so much of a change is made."""
    top = 0.0  # only the sign of the answer matters where terms are too large for numbers
    for index in range(n):
        link = touched[index]
        top = max(top, height[link], height[link] + change[link] * steepness[link] * step)
    total = 0.0
    for index in range(n):
        link = touched[index]
        total += np.exp(height[link] + change[link] * steepness[link] * step - top) - np.exp(height[link] - top)
    return total


@compiled
def explore(  # noqa: PLR0913, PLR0917
    network: Network, prices: Prices, source: int, n_places: int, best: FloatArray, choice: IntArray, hot: IntArray
) -> None:
    """Fill in the lowest price from a source to each node over up to ``level`` places, and the last place [level, node]; -1: none more.

    The first ``n_places`` places are looked at. Of the last level only the nodes ``hot`` are filled in.
    """
    best[0], last = prices.pair[source], len(best) - 1
    for level in range(1, last + (2 * len(hot) >= len(best[0]))):
        best[level] = best[level - 1]
        choice[level] = -1
        highest = best[level].max()
        for place in range(n_places):
            so_far = best[level - 1, network.enter[place]] + prices.toll[place]
            if so_far < highest:
                relax(best[level], choice[level], prices.pair[network.leave[place]], so_far, place)
    if last == 0 or 2 * len(hot) >= len(best[0]):
        return
    for target in hot:
        lowest, at, behind = best[last - 1, target], -1, prices.behind[target]
        for place in range(n_places):
            cost = best[last - 1, network.enter[place]] + prices.toll[place] + behind[network.leave[place]]
            if cost < lowest:
                lowest, at = cost, place
        best[last, target], choice[last, target] = lowest, at


@compiled
def trace(network: Network, choice: IntArray, target: int, legs: IntArray) -> None:
    """Write down the legs of the cheapest way to a target."""
    legs[:] = NO_LEG
    to, n_legs = target, 0
    for level in range(len(choice) - 1, 0, -1):
        place = choice[level, to]
        if place >= 0:
            legs[n_legs] = network.leg[place]
            to = network.enter[place]
            n_legs += 1
    for step in range(n_legs // 2):
        legs[step], legs[n_legs - 1 - step] = legs[n_legs - 1 - step], legs[step]


@compiled
def cheapest_allowed(network: Network, prices: Prices, ends: tuple[int, int], is_allowed: BoolArray, legs: IntArray) -> float:
    """Write down the cheapest way over at most one place that is allowed; its price, infinite where there is none."""
    n_places, at = len(network.leg), -1
    lowest = prices.pair[ends[0], ends[1]] if is_allowed[n_places] else np.inf
    for place in range(n_places):
        if is_allowed[place]:
            cost = prices.pair[ends[0], network.enter[place]] + prices.toll[place] + prices.pair[network.leave[place], ends[1]]
            if cost < lowest:
                lowest, at = cost, place
    legs[:] = NO_LEG
    if at >= 0:
        legs[0] = network.leg[at]
    return lowest


@compiled
def find(ways: Ways, demand: int, legs: IntArray) -> int:
    """Which way of a demand has these legs; -1: none."""
    for way in range(ways.n_ways[demand]):
        is_same = True
        for step in range(len(legs)):
            is_same = is_same and ways.legs[demand, way, step] == legs[step]
        if is_same:
            return way
    return -1


@compiled
def hand_over(ways: Ways, demand: int, giver: int, taker: int, legs: IntArray, step: float) -> None:
    """Shift a share of a demand from one way to another (a new one with these legs: -1)."""
    if taker < 0 and step == ways.weight[demand, giver]:
        ways.legs[demand, giver] = legs
        return
    if taker < 0:
        taker = ways.n_ways[demand]
        ways.legs[demand, taker] = legs
        ways.weight[demand, taker] = 0.0
        ways.n_ways[demand] = taker + 1
    ways.weight[demand, taker] += step
    ways.weight[demand, giver] -= step
    if ways.weight[demand, giver] <= 0.0:
        last = ways.n_ways[demand] - 1
        ways.legs[demand, giver] = ways.legs[demand, last]
        ways.weight[demand, giver] = ways.weight[demand, last]
        ways.n_ways[demand] = last


class Bench(NamedTuple):
    """Room for what a sweep works out."""

    steepness: FloatArray  # [link]
    height: FloatArray  # [link]
    change: FloatArray  # [link] zero between shifts
    touched: IntArray
    legs: IntArray  # [step]


@compiled
def shift(  # noqa: PLR0913, PLR0917
    network: Network, demands: Demands, ways: Ways, bench: Bench, demand: int, giver: int, taker: int, sharpness: float
) -> bool:
    """Move traffic of a demand between two of its ways (-1: to a new one, ``bench.legs``) as far as it pays; whether it did."""
    ends, rate, weight = (demands.source[demand], demands.target[demand]), demands.rate[demand], ways.weight[demand, giver]
    change, touched, height, steepness = bench.change, bench.touched, bench.height, bench.steepness
    n = add_way(network, ends, ways.legs[demand, giver], -rate, change, touched, 0)
    n = add_way(network, ends, ways.legs[demand, taker] if taker >= 0 else bench.legs, rate, change, touched, n)
    if taker >= 0 or ways.n_ways[demand] < ways.legs.shape[1]:
        step = best_step(change, height, touched, n, steepness, weight)
    else:  # no room for a further way: all of it or nothing
        step = weight if difference(change, height, touched, n, steepness, weight) < 0.0 else 0.0
    if step > weight - LEAST_WEIGHT and step > 0.0:
        step = weight
    elif step < LEAST_WEIGHT:
        step = 0.0
    for index in range(n):
        link = touched[index]
        if step > 0.0 and change[link] != 0.0:
            ways.load[link] += step * change[link]
            height[link] = steepness[link] * ways.load[link] - sharpness
        change[link] = 0.0
    if step > 0.0:
        hand_over(ways, demand, giver, taker, bench.legs, step)
    return bool(step > 0.0)


class Scope(NamedTuple):
    """How far a sweep looks."""

    depth: int
    """Most places of a new way."""
    n_places: int
    """The first so many places are looked at: all nodes, then the links."""
    floor: float
    """Demands that pay less than this are passed over."""


@compiled
def sweep(  # noqa: PLR0912
    network: Network, demands: Demands, ways: Ways, prices: Prices, sources: IntArray, scope: Scope
) -> tuple[float, int]:
    """Go over the demands of some sources once. Returns what they would pay on their cheapest ways, and how many were looked at.

    Each demand shifts traffic from its dearest way to the cheapest of all or, where that does not pay, to its own cheapest one.
    """
    n_nodes, n_links = len(prices.pair), len(ways.load)
    bench = Bench(
        prices.sharpness / (prices.top * network.capacity),
        prices.sharpness * (ways.load / (prices.top * network.capacity) - 1.0),
        np.zeros(n_links),
        np.empty(64 * (n_links + n_nodes), dtype=np.int32),
        np.empty(ways.legs.shape[2], dtype=np.int32),
    )
    best = np.empty((scope.depth + 1, n_nodes), dtype=prices.pair.dtype)
    choice = np.empty((scope.depth + 1, n_nodes), dtype=np.int32)
    most = 0
    for source in sources:
        most = max(most, demands.first[source + 1] - demands.first[source])
    hot, hot_target = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64)
    way_of, price_of = np.empty((most, 2), dtype=np.int64), np.empty((most, 2))
    paid, n_seen = 0.0, 0
    for source in sources:
        n_hot = 0
        for demand in range(demands.first[source], demands.first[source + 1]):
            dearest, highest, cheapest, least = 0, -1.0, 0, np.inf
            ends = (source, demands.target[demand])
            for way in range(ways.n_ways[demand]):
                cost = cost_of(network, prices.pair, prices.link, ends, ways.legs[demand, way])
                if cost > highest:
                    dearest, highest = way, cost
                if cost < least:
                    cheapest, least = way, cost
            if scope.floor == 0.0 or (demands.may_move[demand] and highest * demands.rate[demand] > scope.floor):
                hot[n_hot], hot_target[n_hot] = demand, demands.target[demand]
                way_of[n_hot, 0], way_of[n_hot, 1] = dearest, cheapest
                price_of[n_hot, 0], price_of[n_hot, 1] = highest, least
                n_hot += 1
        if n_hot == 0:
            continue
        n_seen += n_hot
        explore(network, prices, source, scope.n_places, best, choice, hot_target[:n_hot])
        for index in range(n_hot):
            demand, target = hot[index], hot_target[index]
            lowest = float(best[scope.depth, target])
            paid += demands.rate[demand] * lowest
            if not demands.may_move[demand]:
                continue
            is_free = demands.place[demand] < 0
            if not is_free:
                lowest = float(cheapest_allowed(network, prices, (source, target), demands.is_allowed[demands.place[demand]], bench.legs))
            dearest, cheapest, highest, least = way_of[index, 0], way_of[index, 1], price_of[index, 0], price_of[index, 1]
            if highest - min(lowest, least) <= MARGIN * highest:
                continue
            if lowest < least * (1.0 - ROUNDING):
                if is_free:
                    trace(network, choice, target, bench.legs)
                known = find(ways, demand, bench.legs)
                if known != dearest and shift(network, demands, ways, bench, demand, dearest, known, prices.sharpness):
                    continue
            if cheapest != dearest:
                shift(network, demands, ways, bench, demand, dearest, cheapest, prices.sharpness)
    return paid, n_seen


@compiled
def savings(network: Network, demands: Demands, ways: Ways, prices: Prices, scope: Scope) -> FloatArray:  # [demand]
    """What each demand would pay less if all of it went the cheapest way."""
    n_nodes = len(prices.pair)
    best = np.empty((scope.depth + 1, n_nodes), dtype=prices.pair.dtype)
    choice = np.empty((scope.depth + 1, n_nodes), dtype=np.int32)
    every, legs = np.arange(n_nodes), np.empty(ways.legs.shape[2], dtype=np.int32)
    saved = np.zeros(len(demands.source))
    for source in range(n_nodes):
        if demands.first[source] == demands.first[source + 1]:
            continue
        explore(network, prices, source, scope.n_places, best, choice, every)
        for demand in range(demands.first[source], demands.first[source + 1]):
            target = demands.target[demand]
            lowest = float(best[scope.depth, target])
            if demands.place[demand] >= 0:
                lowest = float(cheapest_allowed(network, prices, (source, target), demands.is_allowed[demands.place[demand]], legs))
            paid = 0.0
            for way in range(ways.n_ways[demand]):
                cost = cost_of(network, prices.pair, prices.link, (source, target), ways.legs[demand, way])
                paid += cost * ways.weight[demand, way]
            if lowest < paid:
                saved[demand] = demands.rate[demand] * (paid - lowest)
    return saved


@compiled
def add_loads(network: Network, demands: Demands, ways: Ways, load: FloatArray) -> None:
    """Add what the demands bring to each link."""
    touched = np.empty(64 * (len(load) + len(demands.first)), dtype=np.int32)
    for demand in range(len(demands.source)):
        ends = (demands.source[demand], demands.target[demand])
        for way in range(ways.n_ways[demand]):
            add_way(network, ends, ways.legs[demand, way], demands.rate[demand] * ways.weight[demand, way], load, touched, 0)
