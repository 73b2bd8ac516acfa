"""What the policy sees of a position: links, nodes and moves by ratios only, so that nothing tells how large or fast a network is."""

from dataclasses import dataclass

import numpy as np

from nettwin.optimize.reinforcement.game import Position
from nettwin.optimize.reinforcement.kernels import DROP, N_MOVE_FEATURES, Moves
from nettwin.scenario.arrays import FloatArray, IntArray

MOST_MOVES = 512
"""Moves that are scored at most, those with the largest drops of the potential; a bound on memory, rarely met."""
LINK_FEATURES, NODE_FEATURES, ENTRY_FEATURES, STATE_FEATURES = 6, 3, 4, 4
MOVE_FEATURES = N_MOVE_FEATURES + 3
MANY = 200
"""Changes beyond which more do not matter."""


@dataclass(frozen=True, eq=False)
class Observation:
    """A graph: nodes, links between them, moves, and an entry for every link that a move touches."""

    nodes: FloatArray  # [node, feature]
    links: FloatArray  # [link, feature]
    link_source: IntArray  # [link]
    link_target: IntArray  # [link]
    moves: FloatArray  # [move, feature]
    number: IntArray  # [move] of this move among all of the position
    entries: FloatArray  # [entry, feature]
    entry_move: IntArray  # [entry]
    entry_link: IntArray  # [entry]
    state: FloatArray  # [feature]
    hot_link: int


def observe(position: Position) -> Observation:
    """The position as its player sees it."""
    board, load = position.game.board, position.load_bps
    nodes, links, state, hot = features_of(position)
    peak = float(load[hot] / board.capacity_bps[hot])
    moves = position.moves()
    number = _most_promising(moves)
    entry_move, entry = _entries(moves, number)
    delta, link = moves.delta_bps[entry], moves.link[entry]
    after = np.maximum(load[link] + delta, 0.0) / board.capacity_bps[link] / peak
    return Observation(
        nodes=nodes,
        links=links,
        link_source=board.link_source,
        link_target=board.link_target,
        moves=_move_features(moves.features[number]),
        number=number,
        entries=np.column_stack([delta / board.capacity_bps[link] / peak, after, after**16, delta / load[hot]]).clip(-4.0, 4.0),
        entry_move=entry_move,
        entry_link=link,
        state=state,
        hot_link=hot,
    )


def features_of(position: Position) -> tuple[FloatArray, FloatArray, FloatArray, int]:
    """Of nodes, of links, of the whole, and which link is the busiest."""
    busy = position.load_bps / position.game.board.capacity_bps
    hot = int(busy.argmax())
    share = busy / busy[hot]
    return _node_features(position, share), _link_features(position, share, hot), _state_features(position, share), hot


def _most_promising(moves: Moves) -> IntArray:
    if len(moves.demand) <= MOST_MOVES:
        return np.arange(len(moves.demand))
    return np.sort(np.argsort(-moves.features[:, DROP], kind="stable")[:MOST_MOVES])


def _move_features(features: FloatArray) -> FloatArray:
    """The kernel's, and how each move stands among the others: fall of the potential's logarithm, behind the best, rank."""
    fall = -np.log((1.0 - features[:, DROP]).clip(1e-3, None)).clip(None, 1.0)
    rank = np.empty(len(fall))
    rank[np.argsort(-fall, kind="stable")] = np.arange(len(fall))
    return np.column_stack([features, fall, 10.0 * (fall - fall.max(initial=-9.0)).clip(-0.5, None), np.log1p(rank) / 3.0])


def _entries(moves: Moves, number: IntArray) -> tuple[IntArray, IntArray]:
    """Of each touched link of these moves: which of the moves, and where it stands."""
    first, size = moves.offsets[number], moves.offsets[number + 1] - moves.offsets[number]
    ends = np.cumsum(size)
    within = np.arange(size.sum()) - np.repeat(ends - size, size)
    return np.repeat(np.arange(len(number)), size), np.repeat(first, size) + within


def _link_features(position: Position, share: FloatArray, hot: int) -> FloatArray:
    capacity = position.game.board.capacity_bps
    free = (1.0 - share) * capacity / capacity[hot]
    is_hot = np.zeros(len(share))
    is_hot[hot] = 1.0
    return np.column_stack([share, share**4, share**16, np.log(capacity / capacity.mean()).clip(-5, 5) / 2, np.log1p(free), is_hot])


def _node_features(position: Position, share: FloatArray) -> FloatArray:
    board, n = position.game.board, position.game.n_nodes
    degree = np.bincount(board.link_source, minlength=n)
    sent = np.bincount(board.source, weights=board.rate_bps, minlength=n)
    busiest = np.zeros(n)
    np.maximum.at(busiest, board.link_source, share)
    return np.column_stack([np.log1p(degree) / 2, np.log1p(sent / sent.mean()), busiest])


def _state_features(position: Position, share: FloatArray) -> FloatArray:
    left = min(max(position.changes_left, 0), MANY)
    return np.array([np.log1p(left) / 5, float(left >= MANY), np.log(len(share)) / 5, np.mean(share > 0.95)])
