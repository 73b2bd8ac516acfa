"""Steering as a game, the environment around it, the policy that plays it, and how it learns."""

import json
import warnings
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.utils.env_checker import check_env

from fake_predictor import FakePredictor, triangle
from nettwin.changes import FailLink, Plan, SegmentPolicy, SetPath
from nettwin.controlplane import link_loads, route
from nettwin.errors import FormatError, InputError, OptimizationError
from nettwin.intents.intent import Intent
from nettwin.intents.limits import Knob, Limits
from nettwin.intents.objectives import Figure, Objective
from nettwin.intents.path_constraints import Avoid, PathConstraint
from nettwin.optimize.budget import Budget
from nettwin.optimize.reinforcement import Reinforcement
from nettwin.optimize.reinforcement.curriculum import random_game
from nettwin.optimize.reinforcement.environment import ENVIRONMENT, SteeringEnv
from nettwin.optimize.reinforcement.game import Game, Position
from nettwin.optimize.reinforcement.kernels import DROP, SMALLEST_STEP
from nettwin.optimize.reinforcement.observation import Observation, observe
from nettwin.optimize.reinforcement.playing import ranked, scores
from nettwin.optimize.reinforcement.policy import PolicyNetwork, batch_of, chosen, log_softmax
from nettwin.optimize.reinforcement.ppo import Experience, PpoArgs, advantages
from nettwin.optimize.reinforcement.rules import allowed_by
from nettwin.optimize.reinforcement.teacher import Teacher
from nettwin.optimize.reinforcement.train import TrainArgs, train
from nettwin.optimize.reinforcement.weights import SHIPPED, WEIGHTS, read_policy, write_policy
from nettwin.optimize.steering.detours import changes_to
from nettwin.scenario import AdjacencySegment, NodeSegment, Scenario, SegmentList
from nettwin.scenario.arrays import FloatArray

LEAST_LOADED = Intent(objectives=(Objective(minimize=Figure.MAX_UTILIZATION),))
QUICKEST = Intent(objectives=(Objective(minimize=Figure.ONE_WAY_DELAY),))
SMALL = TrainArgs(
    games=2, teaching_steps=2, reinforcement_rounds=1, validation_games=1, teacher=Teacher(width=3, depth=2), ppo=PpoArgs(horizon=3)
)
ABILENE = "topohub:sndlib/abilene"


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@cache
def scenario(seed: int = 35) -> Scenario:
    """A small network with something to gain."""
    return random_game(seed).scenario


def steered(game: Game, position: Position) -> Scenario:
    return Plan(changes_to(game.scenario, position.steering())).apply(game.scenario)


def utilization(after: Scenario) -> FloatArray:
    return np.asarray(link_loads(after) / after.topology.capacity_bps)


def oddly_steered() -> Scenario:
    """Splits, an adjacency segment, an explicit path and a failed link from the start."""
    start = FailLink(scenario().topology.links[0].id).apply(scenario())
    names, nodes, link = start.demand_ids, start.topology.nodes, start.topology.links[7].id
    lists = (SegmentList((NodeSegment(nodes[3].id),), 2.0), SegmentList((AdjacencySegment(link),), 1.0))
    plan = Plan((SegmentPolicy(names[20], lists), SegmentPolicy(names[21], lists[:1])))
    start = plan.apply(start)
    ((_, links),) = route(start).paths_of(5)
    return SetPath(names[5], tuple(start.topology.links[index].id for index in links)).apply(start)


# --- the game ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [scenario, oddly_steered])
def test_loads_stay_exact_and_the_busiest_link_never_gets_busier(start) -> None:  # type: ignore[no-untyped-def]
    game, rng = Game.of(start()), np.random.default_rng(1)
    position = Position(game)
    np.testing.assert_allclose(position.load_bps, link_loads(game.scenario), rtol=1e-9)
    for _ in range(12):
        before = position.max_utilization
        position.make(int(rng.integers(len(position.moves().demand))))
        assert position.max_utilization <= before
    assert position.max_utilization < utilization(game.scenario).max()
    np.testing.assert_allclose(position.load_bps, link_loads(steered(game, position)), rtol=1e-9, atol=1e-3)
    assert position.n_changes == len(changes_to(game.scenario, position.steering()))


def test_the_moves_are_exactly_those_that_help() -> None:
    """Beside an exhaustive search over every demand and place, by the control plane."""
    game = Game.of(scenario(3))
    position = Position(game)
    moves, now = position.moves(), utilization(game.scenario)
    hot = int(now.argmax())
    offered = {(int(d), tuple(np.round(link_loads(steered(game, position.after(i))), 1))) for i, d in enumerate(moves.demand)}
    rows = sorted({int(demand) for demand in moves.demand})
    for row in rows:
        for place in range(game.n_places):
            detour = game.detour(place)
            ends = int(game.scenario.traffic.source[row]), int(game.scenario.traffic.target[row])
            if detour and detour[0] in ends:
                continue
            after = Plan(changes_to(game.scenario, {row: ((detour, 1.0),)})).apply(game.scenario)
            then = utilization(after)
            touched = np.abs(then - now) > 1e-9 * now.max()
            helps = then[hot] < now[hot] * (1 - SMALLEST_STEP) and then[touched].max() < now[hot] * (1 - SMALLEST_STEP)
            loops = len(detour) == 1 and detour[0] < 0 and {int(game.board.link_target[~detour[0]])} & {ends[0]}
            starts_at_end = len(detour) == 1 and detour[0] < 0 and int(game.board.link_source[~detour[0]]) == ends[1]
            if not loops and not starts_at_end:
                assert ((row, tuple(np.round(link_loads(after), 1))) in offered) == helps, (row, detour)
    assert len(offered) == len(moves.demand) > 5


def test_a_limit_on_changes_is_kept_but_changed_demands_may_move_on() -> None:
    game = replace(Game.of(scenario()), max_changes=3)
    position = Position(game)
    while len(position.moves().demand):
        position.make(int(position.moves().features[:, DROP].argmax()))
        assert position.n_changes <= 3
    assert len(changes_to(game.scenario, position.steering())) == 3


def test_path_constraints_are_kept() -> None:
    node = scenario().topology.nodes[2].id
    intent = replace(LEAST_LOADED, paths=(PathConstraint(avoid=Avoid(nodes=(node,))),))
    game = allowed_by(scenario(), intent)
    position, rng = Position(game), np.random.default_rng(0)
    moved: set[int] = set()
    while len(position.moves().demand) and len(moved) < 5:
        index = int(rng.integers(len(position.moves().demand)))
        moved.add(int(position.moves().demand[index]))
        position.make(index)
    routing = route(steered(game, position))
    for row in moved:
        for _, links in routing.paths_of(row):
            assert 2 not in game.board.link_target[links]
    assert moved


def test_nothing_to_steer_is_said() -> None:
    silent = triangle()
    silent = replace(silent, traffic=replace(silent.traffic, rate_bps=np.zeros(3)))
    with pytest.raises(OptimizationError, match="no traffic"):
        Game.of(silent)


# --- the environment ---------------------------------------------------------------------------------------------------------


def test_the_environment_passes_gymnasiums_own_check() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(gymnasium.make(ENVIRONMENT, scenario=ABILENE).unwrapped)
        check_env(SteeringEnv(scenario(), replace(LEAST_LOADED, limits=Limits(max_changes=2))), skip_render_check=True)


@pytest.mark.parametrize("reward", ["hard", "soft"])
def test_rewards_add_up_to_what_was_gained(reward: str) -> None:
    env = SteeringEnv(scenario(), reward=reward, max_steps=8)
    _, info = env.reset(seed=0)
    first, left, rng, steps, is_over = info["objective"], 1.0, np.random.default_rng(0), 0, False
    while not is_over:
        action = rng.choice(np.flatnonzero(info["action_mask"]))
        _, gain, ended, is_cut, info = env.step(action)
        left, steps, is_over = left * (1 - gain), steps + 1, ended or is_cut
        assert info["is_valid"]
    assert left == pytest.approx(info["objective"] / first)
    assert left < 1.0
    assert steps <= 8
    if reward == "hard":
        assert info["objective"] == pytest.approx(utilization(env.scenario()).max())


def test_an_action_that_is_masked_changes_nothing() -> None:
    env = SteeringEnv(scenario())
    _, info = env.reset()
    masked = int(np.flatnonzero(info["action_mask"] == 0)[0])
    _, gain, _, _, after = env.step(np.int64(masked))
    assert (gain, after["is_valid"], after["objective"], len(env.plan())) == (0.0, False, info["objective"], 0)


def test_a_predictor_may_be_the_judge() -> None:
    env = SteeringEnv(scenario(), QUICKEST, FakePredictor())
    _, info = env.reset()
    before = info["objective"]
    actions = np.flatnonzero(info["action_mask"])
    _, gain, _, _, info = env.step(actions[0])
    assert gain == pytest.approx((before - info["objective"]) / before)
    assert env.n_predictions == 2
    with pytest.raises(InputError, match="objective"):
        SteeringEnv(triangle(), Intent(), FakePredictor())


# --- the policy --------------------------------------------------------------------------------------------------------------


def untrained(seed: int = 0) -> PolicyNetwork:
    torch.manual_seed(seed)
    network = PolicyNetwork(width=8)
    for weights in network.parameters():
        torch.nn.init.normal_(weights, std=0.3)
    return network.eval()


def test_positions_side_by_side_are_scored_as_alone() -> None:
    network, observations = untrained(), [observe(Position(Game.of(scenario(seed)))) for seed in (3, 5, 0)]
    batch = batch_of(observations)
    with torch.no_grad():
        together = network(batch)[0].numpy()
    assert batch.first_move[-1] == sum(len(each.number) for each in observations)
    for index, observation in enumerate(observations):
        part = together[batch.first_move[index] : batch.first_move[index + 1]]
        np.testing.assert_allclose(part, scores(network, observation), atol=1e-4)
        assert np.exp(part).sum() == pytest.approx(1.0, abs=1e-4)


def test_the_policy_knows_neither_speed_nor_names() -> None:
    """A thousand times the capacities and rates: the same probabilities. Nodes, links, demands in another order: the same ones."""
    network, start = untrained(), scenario(3)
    links = tuple(replace(link, capacity_bps=link.capacity_bps * 1e3) for link in start.topology.links)
    faster = replace(
        start, topology=replace(start.topology, links=links), traffic=replace(start.traffic, rate_bps=start.traffic.rate_bps * 1e3)
    )
    np.testing.assert_allclose(*(scores(network, observe(Position(Game.of(each)))) for each in (start, faster)), atol=1e-4)
    order = np.random.default_rng(0).permutation(start.traffic.n_demands)
    columns = {
        name: getattr(start.traffic, name)[order]
        for name in ("source", "target", "rate_bps", "traffic_class", "arrival_index", "packet_size_index")
    }
    shuffled = replace(start, traffic=replace(start.traffic, **columns))
    first, second = (sorted(scores(network, observe(Position(Game.of(each))))) for each in (start, shuffled))
    np.testing.assert_allclose(first, second, atol=1e-4)


def test_softmax_by_segment() -> None:
    result = log_softmax(torch.tensor([0.0, 0.0, 50.0, 1.0]), torch.tensor([0, 0, 1, 1]), 2).exp()
    np.testing.assert_allclose(result.numpy(), [0.5, 0.5, 1.0, 0.0], atol=1e-6)
    drawn = [chosen(np.log([0.5, 0.5, 0.9, 0.1]), np.array([0, 2, 4]), np.random.default_rng(seed)) for seed in range(300)]
    assert np.mean(drawn, axis=0) == pytest.approx([0.5, 0.1], abs=0.1)


def test_the_shipped_policy_is_small_beats_chance_and_is_checked(tmp_path: Path) -> None:
    files = list(SHIPPED.rglob("*.safetensors"))
    assert files
    assert sum(file.stat().st_size for file in files) < 300_000
    network, rng = read_policy(), np.random.default_rng(0)
    best, drawn = [], []
    for seed in range(1_000_000, 1_000_020):
        game = replace(random_game(seed), max_changes=5)
        for results, pick in (
            (best, lambda position: ranked(network, position)[0]),
            (drawn, lambda position: rng.integers(len(position.moves().demand))),
        ):
            position = Position(game)
            for _ in range(5):
                if len(position.moves().demand):
                    position.make(int(pick(position)))
            results.append(position.cost - Position(game).cost)
    assert np.mean(best) < np.mean(drawn) - 0.05
    broken = tmp_path / "broken"
    write_policy(broken, untrained(), {})
    (broken / WEIGHTS).write_bytes((broken / WEIGHTS).read_bytes()[:-4] + b"\0\0\0\1")
    with pytest.raises(FormatError, match="manifest"):
        read_policy(broken)
    with pytest.raises(InputError, match="manifest"):
        read_policy(tmp_path)


# --- learning ----------------------------------------------------------------------------------------------------------------


def test_the_teacher_is_no_worse_than_the_greedy_player() -> None:
    position = Position(Game.of(scenario()))
    observation = observe(position)
    probability, best = Teacher(width=6, depth=4).advise(position, observation)
    assert probability.sum() == pytest.approx(1.0)
    assert np.count_nonzero(probability) <= 6
    greedy = position.after(int(position.moves().features[:, DROP].argmax()))
    assert best >= position.cost - greedy.cost - 1e-9
    deep = Teacher(width=6, depth=0).advise(position, observation)[1]
    drops = [position.cost - position.after(i).cost for i in np.argsort(-position.moves().features[:, DROP], kind="stable")[:6]]
    assert deep == pytest.approx(max(drops))


def test_advantages_by_hand() -> None:
    """Two games; the first ends after its first move."""
    column = np.array([[1.0, 0.0], [0.0, 1.0]])
    nothing: list[list[Observation]] = []
    experience = Experience(
        nothing, np.zeros((2, 2), dtype=np.int64), np.zeros((2, 2)), value=np.array([[0.5, 0.5], [0.5, 0.5]]), reward=column,
        is_end=np.array([[True, False], [False, False]]), last_value=np.array([1.0, 2.0]),
    )  # fmt: skip
    result = advantages(experience, PpoArgs(discount=0.5, smoothing=0.5))
    last = np.array([0.0 + 0.5 * 1.0 - 0.5, 1.0 + 0.5 * 2.0 - 0.5])
    np.testing.assert_allclose(result, [[1.0 - 0.5, 0.0 + 0.5 * 0.5 - 0.5 + 0.25 * last[1]], last])


def test_training_goes_on_where_it_was(tmp_path: Path) -> None:
    policy = train(SMALL, tmp_path)
    history = (tmp_path / "history.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in history] == ["step", "2", "3"]
    assert json.loads((policy / "manifest.json").read_text())["args"]["seed"] == 0
    assert (tmp_path / "history.svg").exists()
    assert (tmp_path / "imitation" / WEIGHTS).exists()
    train(SMALL, tmp_path)
    assert (tmp_path / "history.csv").read_text().splitlines() == history
    with pytest.raises(InputError, match="another seed"):
        train(replace(SMALL, seed=1), tmp_path)


def test_training_learns(tmp_path: Path) -> None:
    """Thirty steps of teaching lower the cross-entropy to the teacher."""
    from nettwin.optimize.reinforcement.arena import Arena, worthwhile_games
    from nettwin.optimize.reinforcement.imitation import imitate

    torch.manual_seed(0)
    network, rng = PolicyNetwork(width=16), np.random.default_rng(0)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    arena = Arena(worthwhile_games(0), 4)
    losses = [imitate(network, optimizer, arena, SMALL.teacher, 1.0, rng) for _ in range(30)]
    assert np.mean(losses[-10:]) < 0.9 * np.mean(losses[:5])


# --- the method --------------------------------------------------------------------------------------------------------------


def test_the_method_lowers_the_maximum_and_repeats_itself() -> None:
    method = Reinforcement(polish=False)
    first, second = (method.optimize(scenario(), LEAST_LOADED, FakePredictor(), Budget(evaluations=3000)) for _ in range(2))
    assert first.objective < 0.95 * utilization(scenario()).max()
    assert first.objective == pytest.approx(utilization(first.plan.apply(scenario())).max())
    assert (first.plan, first.evidence.evaluations) == (second.plan, second.evidence.evaluations)
    assert first.evidence.predictions == 0


def test_limits_knobs_and_interrupts() -> None:
    method, predictor = Reinforcement(polish=False), FakePredictor()
    few = method.optimize(scenario(), replace(LEAST_LOADED, limits=Limits(max_changes=2)), predictor, Budget())
    assert 1 <= len(few.plan) <= 2
    with pytest.raises(OptimizationError, match="segment-policy"):
        method.optimize(scenario(), replace(LEAST_LOADED, limits=Limits(knobs=(Knob.IGP_METRIC,))), predictor, Budget())
    budget = Budget()
    budget.interrupt.set()
    stopped = method.optimize(scenario(), LEAST_LOADED, predictor, budget)
    assert (len(stopped.plan), stopped.evidence.stopped_by) == (0, "interrupt")
    with pytest.raises(InputError, match="positive"):
        Reinforcement(games=0)


def test_more_games_are_never_worse() -> None:
    one, several = (
        Reinforcement(polish=False, games=games).optimize(scenario(), LEAST_LOADED, FakePredictor(), Budget(seed=1)) for games in (1, 3)
    )
    assert several.objective <= one.objective
    assert several.evidence.evaluations > one.evidence.evaluations


def test_a_predictor_judges_delays() -> None:
    method = Reinforcement(width=4)
    solution = method.optimize(scenario(), QUICKEST, FakePredictor(), Budget(evaluations=12))
    assert solution.evidence.predictions <= 14
    assert solution.evidence.verdict.objectives[0] <= solution.evidence.verdict_before.objectives[0]
    again = method.optimize(scenario(), QUICKEST, FakePredictor(), Budget(evaluations=12))
    assert again.plan == solution.plan


def test_polish_is_never_worse_keeps_the_limit_and_brings_a_bound() -> None:
    for intent in (LEAST_LOADED, replace(LEAST_LOADED, limits=Limits(max_changes=3))):
        alone, polished = (
            Reinforcement(polish=polish).optimize(scenario(), intent, FakePredictor(), Budget(evaluations=20_000))
            for polish in (False, True)
        )
        assert polished.objective <= alone.objective * (1 + 1e-9)
        assert alone.bound is None
        assert polished.bound is not None
        assert 0 < polished.bound.value <= polished.objective * (1 + 1e-9)
        assert intent.limits.max_changes is None or len(polished.plan) <= 3
