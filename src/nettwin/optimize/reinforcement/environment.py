"""Steering as a Gymnasium environment: an agent gives one demand after another a way around the busiest link.

    env = gymnasium.make(ENVIRONMENT, scenario="topohub:sndlib/abilene")

Import this module first: it registers the name. ``scenario`` is a Scenario, or anything that ``nettwin.read`` reads.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from gymnasium import Env, register, spaces

from nettwin.changes import Plan
from nettwin.errors import InputError
from nettwin.formats.registry import read
from nettwin.intents.intent import Intent
from nettwin.optimize.reinforcement.game import Game, Position
from nettwin.optimize.reinforcement.kernels import PEAK
from nettwin.optimize.reinforcement.observation import LINK_FEATURES, NODE_FEATURES, STATE_FEATURES, features_of
from nettwin.optimize.reinforcement.rules import allowed_by
from nettwin.optimize.steering.detours import changes_to
from nettwin.predict.batches import predict_all
from nettwin.predict.predictor import Predictor
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import FloatArray

ENVIRONMENT = "nettwin/Steering-v0"
REWARDS = ("soft", "hard")
DEMAND_FEATURES = 3
LARGEST = 10.0
"""Features are clipped to this."""

Seen = dict[str, Any]


class SteeringEnv(Env[Seen, np.int64]):
    """One scenario to steer.

    **Action**: ``demand * n_places + place``, where a place is a node to pass, then a link to cross, then *as before*, then *direct*.
    ``info["action_mask"]`` marks those that relieve the busiest link and are allowed; another one changes nothing and earns nothing.

    **Reward**: the relative decrease of the objective: of the maximum utilization (``hard``), of its smooth upper bound that also
    falls when the second busiest link is relieved (``soft``), or, with a predictor, of the first objective of the intent as the
    predictor sees it (one prediction per move). It ends when no action is left, is cut off after ``max_steps``.

    **Observation**: features of nodes, links and demands, all of them ratios, and the ends of links and demands.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012 - Gymnasium's own

    def __init__(
        self,
        scenario: Scenario | str,
        intent: Intent | None = None,
        predictor: Predictor | None = None,
        *,
        reward: str = "soft",
        max_steps: int = 50,
        render_mode: str | None = None,
    ) -> None:
        if reward not in REWARDS:
            raise InputError(f"reward is {reward!r}", where="SteeringEnv", hint=f"one of {', '.join(REWARDS)}")
        if predictor is not None and (intent is None or not intent.objectives):
            raise InputError("a predictor needs an intent with an objective", where="SteeringEnv", hint="say what is to be small")
        scenario = read(scenario).scenario if isinstance(scenario, str) else scenario
        self.render_mode = render_mode
        self.game = Game.of(scenario) if intent is None else allowed_by(scenario, intent)
        self.position = Position(self.game)
        self.n_predictions = 0
        self._intent, self._predictor, self._reward, self._max_steps = intent, predictor, reward, max_steps
        self._steps, self._objective = 0, 0.0
        self.action_space = spaces.Discrete(scenario.traffic.n_demands * self.game.n_places)
        self.observation_space = _space(self.game)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Seen, dict[str, Any]]:
        """Back to the scenario as it was given."""
        super().reset(seed=seed, options=options)
        self.position, self._steps = Position(self.game), 0
        self._objective = self._objective_now()
        return self._seen(), self._info(is_valid=True)

    def step(self, action: np.int64) -> tuple[Seen, float, bool, bool, dict[str, Any]]:
        """Give a demand another way."""
        moves = self.position.moves()
        found = np.flatnonzero(moves.demand.astype(np.int64) * self.game.n_places + moves.place == int(action))
        reward = 0.0
        if len(found):
            self.position.make(int(found[0]))
            objective = self._objective_now()
            reward = (self._objective - objective) / self._objective if self._objective > 0 else 0.0
            self._objective = objective
        self._steps += 1
        ended = not len(self.position.moves().demand)
        return self._seen(), float(reward), ended, not ended and self._steps >= self._max_steps, self._info(is_valid=bool(len(found)))

    def scenario(self) -> Scenario:
        """The scenario as it is steered now."""
        return self.plan().apply(self.game.scenario)

    def plan(self) -> Plan:
        """The changes that lead there."""
        return Plan(changes_to(self.game.scenario, self.position.steering()))

    def _objective_now(self) -> float:
        if self._predictor is not None and self._intent is not None:
            from nettwin.intents.judging import judge

            self.n_predictions += 1
            return judge(self._intent, self.scenario(), partial(predict_all, self._predictor), before=self.game.scenario).objectives[0]
        return self.position.max_utilization if self._reward == "hard" else self.position.soft_max_utilization

    def _info(self, *, is_valid: bool) -> dict[str, Any]:
        moves, mask = self.position.moves(), np.zeros(int(self.action_space.n), dtype=np.int8)  # type: ignore[attr-defined]
        mask[moves.demand.astype(np.int64) * self.game.n_places + moves.place] = 1
        return {"action_mask": mask, "objective": self._objective, "n_changes": self.position.n_changes, "is_valid": is_valid}

    def _seen(self) -> Seen:
        nodes, links, state, _ = features_of(self.position)
        board = self.game.board
        ends = np.column_stack([board.link_source, board.link_target]), np.column_stack([board.source, board.target])
        demands = _demand_features(self.position)
        parts = {"nodes": nodes, "links": links, "demands": demands, "state": state}
        clipped = {name: value.clip(-LARGEST, LARGEST).astype(np.float32) for name, value in parts.items()}
        return {**clipped, "link_ends": ends[0].astype(np.int32), "demand_ends": ends[1].astype(np.int32)}


def _demand_features(position: Position) -> FloatArray:
    """Rate relative to the traffic of the busiest link, whether it has been moved, and how good its best move is."""
    board, moves = position.game.board, position.moves()
    hot = float(position.load_bps[int((position.load_bps / board.capacity_bps).argmax())])
    best = np.ones(len(board.rate_bps))
    np.minimum.at(best, moves.demand, moves.features[:, PEAK])
    return np.column_stack([np.log1p(board.rate_bps / hot), position.place != position.game.as_before, best])


def _space(game: Game) -> spaces.Dict:
    n_demands = len(game.board.rate_bps)
    rows: dict[str, Sequence[int]] = {
        "nodes": (game.n_nodes, NODE_FEATURES), "links": (game.n_links, LINK_FEATURES),
        "demands": (n_demands, DEMAND_FEATURES), "state": (STATE_FEATURES,),
    }  # fmt: skip
    boxes: dict[str, spaces.Space[Any]] = {name: spaces.Box(-LARGEST, LARGEST, tuple(shape), np.float32) for name, shape in rows.items()}
    for name, count in (("link_ends", game.n_links), ("demand_ends", n_demands)):
        boxes[name] = spaces.Box(0, max(game.n_nodes - 1, 1), (count, 2), np.int32)
    return spaces.Dict(boxes)


register(id=ENVIRONMENT, entry_point="nettwin.optimize.reinforcement.environment:SteeringEnv", disable_env_checker=True)
