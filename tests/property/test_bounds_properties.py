"""Bounds hold whatever the network, and search never makes things worse."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from nettwin.controlplane import link_loads
from nettwin.generate.gravity import gravity_demands
from nettwin.generate.topologies import barabasi_albert, gabriel
from nettwin.intents.intent import Intent
from nettwin.intents.limits import Limits
from nettwin.optimize.budget import Budget, Clock
from nettwin.optimize.column_generation.choosing import Choice
from nettwin.optimize.column_generation.rounding import rounded
from nettwin.optimize.column_generation.search import lowest_utilization
from nettwin.optimize.column_generation.tasks import Case, case_of
from nettwin.optimize.column_generation.ways import utilization_by
from nettwin.optimize.lp import bound_of
from nettwin.optimize.lp.bounds import node_cuts, proven_by
from nettwin.scenario import Scenario


@st.composite
def loaded_networks(draw: st.DrawFn) -> Scenario:
    """Small networks with parallel links, links that are down, uneven capacities, several demands between the same ends."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    topology = draw(st.sampled_from([gabriel, barabasi_albert]))(draw(st.integers(4, 8)), rng)
    links = [
        replace(link, capacity_bps=float(rng.choice([1e8, 1e9, 4e9])), metric=float(rng.integers(1, 4)), is_up=rng.random() > 0.1)
        for link in topology.links
    ]
    if draw(st.booleans()):
        links.append(replace(links[0], id="parallel", capacity_bps=5e8, circuit=""))
    topology = replace(topology, links=tuple(links))
    return Scenario(topology, gravity_demands(topology, float(rng.uniform(1e8, 1e10)), rng))


def case(scenario: Scenario, max_changes: int | None = None) -> Case:
    return case_of(scenario, Intent(limits=Limits(max_changes=max_changes)), 1, has_adjacency=True, tolerance=1e-5)


@settings(max_examples=40, deadline=None)
@given(loaded_networks(), st.integers(1, 4))
def test_bound_is_below_what_is_reached_is_below_the_start(scenario: Scenario, max_splits: int) -> None:
    of = case(scenario)
    problem, start = of.task.problem, of.task.present
    before = float(utilization_by(problem, start.ways, start.share).max())
    found = lowest_utilization(of.task, Clock(Budget()), lambda _: 0.0)
    flow = bound_of(scenario, Clock(Budget()))
    assert flow.value <= found.bound * (1 + 2e-4) + 1e-12
    assert found.bound <= found.value * (1 + 1e-9) + 1e-12
    assert found.value <= before * (1 + 1e-9) + 1e-12
    shares = rounded(problem, found.shares, found.price, Choice(max_splits, 0.01), Clock(Budget()))
    assert float(utilization_by(problem, shares.ways, shares.share).max()) >= found.bound * (1 - 1e-9)
    assert np.bincount(shares.ways.demand, minlength=1).max(initial=0) <= max_splits


@settings(max_examples=40, deadline=None)
@given(loaded_networks(), st.integers(0, 2**32 - 1))
def test_no_lengths_prove_more_than_the_forwarding_reaches(scenario: Scenario, seed: int) -> None:
    of = case(scenario)
    reached = float((link_loads(scenario) / scenario.topology.capacity_bps).max())
    length = np.random.default_rng(seed).exponential(size=of.network.n_arcs) / of.network.capacity_bps
    assert proven_by(of.network, length) <= reached * (1 + 1e-9)
    assert node_cuts(of.network)[0] <= reached * (1 + 1e-9)


@settings(max_examples=25, deadline=None)
@given(loaded_networks(), st.integers(1, 3))
def test_more_changes_never_hurt(scenario: Scenario, most: int) -> None:
    few, more = case(scenario, most), case(scenario, most + 3)
    first, second = (lowest_utilization(of.task, Clock(Budget()), lambda _: 0.0) for of in (few, more))
    assert second.bound <= first.value * (1 + 1e-4) + 1e-12
    assert first.bound <= first.value * (1 + 1e-9) + 1e-12
