"""Flow bounds against a linear program written down independently, and plans along the flow's paths."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog

from fake_predictor import FakePredictor, triangle
from nettwin.controlplane import link_loads
from nettwin.errors import OptimizationError
from nettwin.generate.gravity import gravity_demands
from nettwin.generate.topologies import gabriel
from nettwin.intents.intent import Intent
from nettwin.intents.limits import Knob, Limits
from nettwin.intents.objectives import Figure, Objective
from nettwin.optimize.budget import Budget, Clock, Progress
from nettwin.optimize.lp import FlowNetwork, MultiCommodityFlow, bound_of
from nettwin.optimize.lp.bounds import multi_commodity_flow, node_cuts, proven_by
from nettwin.optimize.lp.generation import Start
from nettwin.optimize.lp.paths import PathOracle
from nettwin.optimize.lp.spreading import spread
from nettwin.scenario import Demand, ExplicitPath, Link, Node, RoutingPolicy, Scenario, Topology, Traffic

LEAST = Intent(objectives=(Objective(minimize=Figure.MAX_UTILIZATION),))


def network(seed: int, n_nodes: int = 9) -> Scenario:
    rng = np.random.default_rng(seed)
    topology = gabriel(n_nodes, rng)
    links = tuple(replace(link, capacity_bps=float(rng.choice([1e9, 2.5e9, 1e10]))) for link in topology.links)
    topology = replace(topology, links=links)
    return Scenario(topology, gravity_demands(topology, 2e10, rng))


def two_ways(rate_bps: float = 3e9) -> Scenario:
    """From A to B directly, or through C with half the capacity."""
    ends = (("A", "B", 2e9), ("A", "C", 1e9), ("C", "B", 1e9))
    links = tuple(Link(f"{a}{b}", a, b, capacity) for a, b, capacity in ends)
    topology = Topology(tuple(Node(name) for name in "ABC"), links)
    return Scenario(topology, Traffic.of([Demand("A", "B", rate_bps)], topology))


def by_scipy(scenario: Scenario) -> float:
    """The same optimum from the textbook formulation: a flow for each source on each link."""
    topology, traffic = scenario.topology, scenario.traffic
    n, m = topology.n_nodes, topology.n_links
    unit = topology.capacity_bps.mean()
    balance = np.zeros((n * n, n * m + 1))
    need = np.zeros(n * n)
    load = np.zeros((m, n * m + 1))
    load[:, -1] = -topology.capacity_bps / unit
    for source in range(n):
        for link in range(m):
            balance[source * n + topology.link_source[link], source * m + link] += 1
            balance[source * n + topology.link_target[link], source * m + link] -= 1
            load[link, source * m + link] = 1
    for source, target, rate in zip(traffic.source, traffic.target, traffic.rate_bps / unit, strict=True):
        need[source * n + source] += rate
        need[source * n + target] -= rate
    cost = np.zeros(n * m + 1)
    cost[-1] = 1
    return float(linprog(cost, A_ub=load, b_ub=np.zeros(m), A_eq=balance, b_eq=need).fun)


@pytest.mark.parametrize("seed", range(4))
def test_the_flow_and_its_bound_meet_at_the_optimum(seed: int) -> None:
    scenario = network(seed)
    optimum = by_scipy(scenario)
    problem = FlowNetwork.of(scenario)
    flow = multi_commodity_flow(problem, Clock(Budget()))
    assert flow.value == pytest.approx(optimum, rel=1.1e-4)
    bound = proven_by(problem, flow.price / problem.capacity_bps)
    assert optimum * (1 - 2e-4) <= bound <= optimum * (1 + 1e-9)
    assert node_cuts(problem)[0] <= optimum * (1 + 1e-9)


def test_any_lengths_prove_a_bound() -> None:
    scenario = network(1)
    problem, optimum = FlowNetwork.of(scenario), by_scipy(network(1))
    rng = np.random.default_rng(0)
    bounds = [proven_by(problem, rng.uniform(-0.2, 1, problem.n_arcs) / problem.capacity_bps) for _ in range(20)]
    assert 0 < max(bounds) <= optimum
    assert proven_by(problem, np.zeros(problem.n_arcs)) == 0.0


def test_a_demand_is_split_over_two_ways() -> None:
    solution = MultiCommodityFlow().optimize(two_ways(), LEAST, FakePredictor(), Budget())
    assert solution.objective == pytest.approx(1.0)
    assert solution.bound is not None
    assert solution.bound.value == pytest.approx(1.0)
    assert (link_loads(solution.scenario) / solution.scenario.topology.capacity_bps).tolist() == pytest.approx([1, 1, 1])
    assert solution.evidence.stopped_by == "optimum"


def test_parallel_links_all_count() -> None:
    scenario = two_ways()
    links = (*scenario.topology.links, Link("AB2", "A", "B", 2e9))
    scenario = replace(scenario, topology=replace(scenario.topology, links=links))
    assert bound_of(scenario, Clock(Budget())).value == pytest.approx(3 / 5)


def test_what_cannot_arrive_or_falls_into_a_hole_is_not_counted() -> None:
    scenario = two_ways()
    down = tuple(replace(link, is_up=link.id != "AB") for link in scenario.topology.links)
    topology = replace(scenario.topology, links=down)
    assert bound_of(replace(scenario, topology=topology), Clock(Budget())).value == pytest.approx(3.0)
    policy = RoutingPolicy(explicit_paths={"A->B": (ExplicitPath(("AB",)),)})
    lost = replace(scenario, topology=topology, policy=policy)
    assert bound_of(lost, Clock(Budget())).value == 0.0
    backwards = Traffic.of([Demand("B", "A", 1e9)], topology)
    assert bound_of(replace(scenario, traffic=backwards), Clock(Budget())).value == 0.0


def test_one_list_that_is_not_split() -> None:
    unsplit = replace(LEAST, limits=Limits(max_splits=1))
    solution = MultiCommodityFlow().optimize(two_ways(1.5e9), unsplit, FakePredictor(), Budget())
    assert solution.objective == pytest.approx(0.75)
    assert solution.plan.changes == ()


def test_no_bound_is_claimed_where_capacities_may_grow() -> None:
    intent = replace(LEAST, limits=Limits(knobs=(Knob.CAPACITY,)))
    assert MultiCommodityFlow().optimize(two_ways(), intent, FakePredictor(), Budget()).bound is None


def test_an_intent_about_something_else_is_refused() -> None:
    intent = Intent(objectives=(Objective(minimize=Figure.ONE_WAY_DELAY),))
    with pytest.raises(OptimizationError, match="max-utilization"):
        MultiCommodityFlow().optimize(triangle(), intent, FakePredictor(), Budget())


def test_an_interrupted_search_still_proves_something() -> None:
    told: list[Progress] = []
    budget = Budget(evaluations=1, report=told.append)
    scenario = network(2)
    solution = MultiCommodityFlow().optimize(scenario, LEAST, FakePredictor(), budget)
    optimum = by_scipy(scenario)
    assert solution.bound is not None
    assert 0 < solution.bound.value <= optimum <= solution.objective * (1 + 1e-9)
    assert solution.evidence.stopped_by in {"evaluations", "optimum"}
    assert all(progress.bound is not None and progress.bound <= optimum * (1 + 1e-9) for progress in told)


def test_equal_budgets_give_equal_answers() -> None:
    first, second = (MultiCommodityFlow().optimize(network(3), LEAST, FakePredictor(), Budget(evaluations=500)) for _ in range(2))
    assert first.plan == second.plan
    assert first.bound == second.bound


def test_a_rough_start_is_no_worse_than_where_it_began_and_proves_a_bound() -> None:
    scenario = network(7, 20)
    problem = FlowNetwork.of(scenario)
    oracle = PathOracle(problem)
    start = Start.at(oracle.cheapest(problem.capacity_bps, 0.0)[1])
    rough = spread(oracle, start, Clock(Budget(seed=3)))
    again = spread(oracle, start, Clock(Budget(seed=3)))
    optimum = multi_commodity_flow(problem, Clock(Budget())).value
    before, after = (float((each.ways.usage @ each.share).max()) for each in (start, rough))
    assert optimum * (1 - 1e-4) <= after <= before
    assert after < 0.9 * before
    assert rough.price is not None
    assert 0 < proven_by(problem, rough.price / problem.capacity_bps) <= optimum
    assert (rough.ways.usage != again.ways.usage).nnz == 0


def test_what_is_split_at_the_start_stays_split_while_it_is_spread() -> None:
    scenario = network(8)
    problem = FlowNetwork.of(scenario)
    oracle = PathOracle(problem)
    ways = oracle.cheapest(problem.capacity_bps, 0.0)[1]
    other = oracle.cheapest(np.ones(problem.n_arcs), 0.0)[1].take(np.array([0]))
    both = ways.and_also(other)
    order = np.argsort(both.demand, kind="stable")
    share = np.concatenate([[0.5], np.ones(len(ways) - 1), [0.5]])
    rough = spread(oracle, Start(both.take(order), share[order]), Clock(Budget()))
    assert sorted(rough.share[rough.ways.demand == 0].tolist()) == [0.5, 0.5]
    assert np.bincount(rough.ways.demand, weights=rough.share) == pytest.approx(np.ones(len(ways)))
