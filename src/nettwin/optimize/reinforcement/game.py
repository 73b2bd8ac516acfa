"""Steering as a game: a position is a way for every demand, a move gives one demand another way."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nettwin.controlplane import link_loads
from nettwin.controlplane.forwarding import forwarding_of
from nettwin.errors import OptimizationError
from nettwin.optimize.reinforcement.kernels import IS_CHANGED, Board, Moves, consider, cost, crossing, play
from nettwin.optimize.steering.detours import Detour, Steering, steering_of
from nettwin.optimize.steering.segment_vectors import SegmentVectors
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray

CANDIDATES = 16
"""Demands of the busiest link that are considered, the largest first (critical demands); more where none of them can move."""
MANY_CANDIDATES = 256
UNLIMITED = 10**9

Allowed = Callable[[IntArray], BoolArray]
"""Which places demands may take: rows of demands -> [row, place]."""


@dataclass(frozen=True, eq=False)
class Game:
    """A scenario to be steered: what stays the same, and where it starts."""

    scenario: Scenario
    board: Board
    start_bps: FloatArray  # [link] loads before any move
    max_changes: int = UNLIMITED
    allowed: Allowed | None = None
    """None: all demands may take all places."""

    @classmethod
    def of(
        cls, scenario: Scenario, *, max_changes: int | None = None, allowed: Allowed | None = None, fixed: IntArray | None = None
    ) -> "Game":
        """All demands may move but the rows ``fixed``. Raises OptimizationError where nothing loads any link."""
        load = link_loads(scenario)
        if not load.max(initial=0.0) > 0:
            raise OptimizationError("no traffic on any link", where="reinforcement", hint="give the scenario demands")
        board = _board(scenario)
        if fixed is not None:
            board.is_movable[fixed] = False
        return cls(scenario, board, np.array(load), UNLIMITED if max_changes is None else max_changes, allowed)

    @property
    def n_nodes(self) -> int:
        return len(self.board.is_reachable)

    @property
    def n_links(self) -> int:
        return len(self.board.capacity_bps)

    @property
    def as_before(self) -> int:
        """The place that means: as the scenario had it."""
        return self.n_nodes + self.n_links

    @property
    def n_places(self) -> int:
        return self.n_nodes + self.n_links + 2

    def detour(self, place: int) -> Detour:
        """What a place is in terms of detours."""
        if place < self.n_nodes:
            return (place,)
        return (~(place - self.n_nodes),) if place < self.as_before else ()

    def is_allowed(self, rows: IntArray) -> BoolArray:
        """[row, place]"""
        return np.ones((len(rows), self.n_places), dtype=np.bool_) if self.allowed is None else self.allowed(rows)


class Position:
    """A game being played. Changed by moves."""

    def __init__(self, game: Game) -> None:
        self.game = game
        self.place = np.full(len(game.board.rate_bps), game.as_before, dtype=np.int32)
        self.load_bps = np.array(game.start_bps)
        self.n_changes = 0
        self._moves: Moves | None = None

    @property
    def max_utilization(self) -> float:
        return float((self.load_bps / self.game.board.capacity_bps).max())

    @property
    def soft_max_utilization(self) -> float:
        """A smooth upper bound of it: the root of the sum of powers."""
        return float(np.exp(2.0 * self.cost) / self.max_utilization)

    @property
    def cost(self) -> float:
        """What is to fall: the mean of the logarithms of the maximum utilization and of its smooth upper bound."""
        return float(cost(self.game.board, self.load_bps))

    @property
    def changes_left(self) -> int:
        return self.game.max_changes - self.n_changes

    def moves(self) -> Moves:
        """All moves that make sense now; none: the end of the game."""
        if self._moves is None:
            self._moves = self._considered(CANDIDATES)
            if not len(self._moves.demand):
                self._moves = self._considered(MANY_CANDIDATES)
        return self._moves

    def make(self, index: int) -> None:
        """Make the move of this number."""
        moves = self.moves()
        self.n_changes += int(moves.features[index, IS_CHANGED] == 0) - int(moves.place[index] == self.game.as_before)
        play(moves, index, self.place, self.load_bps)
        self._moves = None

    def after(self, index: int) -> "Position":
        """Another position: where a move leads to."""
        later = Position(self.game)
        later.place, later.load_bps, later.n_changes = self.place.copy(), self.load_bps.copy(), self.n_changes
        later._moves = self._moves
        later.make(index)
        return later

    def steering(self) -> Steering:
        """How the demands are steered now, those included that the scenario steered already."""
        steering = dict(steering_of(self.game.scenario))
        for row in np.flatnonzero(self.place != self.game.as_before):
            steering[int(row)] = ((self.game.detour(int(self.place[row])), 1.0),)
        return steering

    def _considered(self, most: int) -> Moves:
        game = self.game
        rows = crossing(game.board, self.place, self.load_bps, self.changes_left <= 0, most)
        return consider(game.board, self.place, self.load_bps, rows, game.is_allowed(rows))  # type: ignore[no-any-return]


def _board(scenario: Scenario) -> Board:
    topology, traffic = scenario.topology, scenario.traffic
    vectors = SegmentVectors.of(forwarding_of(scenario))
    steering, ends = steering_of(scenario), (np.asarray(traffic.source), np.asarray(traffic.target))
    movable = np.array(vectors.is_reachable[ends])
    movable[[scenario.index_of_demand(name) for name in scenario.policy.explicit_paths]] = False
    direct = np.ones(traffic.n_demands, dtype=np.bool_)
    direct[list(steering)] = False
    paths = [vectors.between(int(s), int(t)) for s, t in zip(*ends, strict=True)]
    for row, detours in steering.items():
        path = _mixed(scenario, vectors, row, detours)
        movable[row] &= path is not None
        paths[row] = paths[row] if path is None else path
    return Board(
        offsets=vectors.offsets, link=vectors.link, fraction=vectors.fraction, is_reachable=vectors.is_reachable,
        link_source=topology.link_source, link_target=topology.link_target, link_is_up=topology.link_is_up,
        capacity_bps=topology.capacity_bps, source=ends[0], target=ends[1], rate_bps=np.asarray(traffic.rate_bps),
        base_offsets=np.concatenate([[0], np.cumsum([len(links) for links, _ in paths])]).astype(np.int64),
        base_link=np.concatenate([links for links, _ in paths]).astype(np.int32),
        base_fraction=np.concatenate([fractions for _, fractions in paths]),
        is_direct=direct, is_movable=movable & (traffic.rate_bps > 0),
    )  # fmt: skip


def _mixed(
    scenario: Scenario, vectors: SegmentVectors, row: int, detours: tuple[tuple[Detour, float], ...]
) -> tuple[IntArray, FloatArray] | None:
    """Links and fractions of a steered demand; None where some of its traffic cannot arrive, so that its loads are not ours to know."""
    topology, target = scenario.topology, int(scenario.traffic.target[row])
    amount = np.zeros(topology.n_links)
    for detour, weight in detours:
        at = int(scenario.traffic.source[row])
        for leg in (*detour, target):
            goal = leg if leg >= 0 else int(topology.link_source[~leg])
            if not vectors.is_reachable[at, goal] or (leg < 0 and not topology.link_is_up[~leg]):
                return None
            links, fractions = vectors.between(at, goal)
            amount[links] += weight * fractions
            at = goal
            if leg < 0:
                amount[~leg] += weight
                at = int(topology.link_target[~leg])
    links = np.flatnonzero(amount)
    return links.astype(np.int32), amount[links]
