"""Figures and features on tensors: what the compiled theory says, with derivatives."""

from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import pytest
import torch
from scipy.optimize import brentq
from scipy.special import gammainc

from nettwin.controlplane import route
from nettwin.performance import QUANTILE_LEVELS
from nettwin.predict.neural.batch import batch_of
from nettwin.predict.neural.differentiable.batch import batch_of_solved
from nettwin.predict.neural.differentiable.facts import Solved, facts_of
from nettwin.predict.neural.differentiable.solving import solved_by_theory
from nettwin.predict.neural.features import PROCESSES
from nettwin.predict.neural.prior import Prior, prior_of_many
from nettwin.queueing import quantiles as compiled
from nettwin.queueing.delays import hop_delays, path_delays
from nettwin.queueing.differentiable.hop_figures import hop_losses
from nettwin.queueing.differentiable.quantiles import WaitMoments, delay_quantiles
from nettwin.queueing.differentiable.structure import inputs_of, structure_of
from nettwin.queueing.hop_figures import hop_losses as compiled_hop_losses
from nettwin.scenario import Discipline, PacketTrace, Scenario
from small_twins import drawn

SEEDS = (3, 5, 12, 13, 24, 28, 30, 31)


def solved(prior: Prior) -> Solved:
    structure = structure_of(prior.scenario, prior.parts.routing)
    with torch.no_grad():
        return solved_by_theory(structure, facts_of(prior.parts, structure), inputs_of(prior.scenario, structure))


def prior(*scenarios: Scenario) -> Prior:
    return prior_of_many([(scenario, route(scenario)) for scenario in scenarios])


def assert_equal(found: object, expected: object, names: Sequence[str], rtol: float = 1e-8) -> None:
    for name in names:
        one, other = getattr(found, name), np.asarray(getattr(expected, name))
        np.testing.assert_allclose(one, other, rtol=rtol, atol=1e-14, err_msg=name)


@pytest.mark.parametrize("seed", SEEDS)
def test_delays_and_losses_are_those_of_the_compiled_theory(seed: int) -> None:
    known = prior(drawn(seed))
    ours = solved(known)
    delays = hop_delays(known.state)
    assert_equal(ours.waits, delays, [f.name for f in fields(delays)])
    paths = path_delays(known.scenario, known.state)
    assert_equal(ours.paths, paths, [f.name for f in fields(paths)])
    losses = compiled_hop_losses(known.state.network.hops, known.state.loss)
    np.testing.assert_allclose(hop_losses(ours.state, ours.facts.layout), losses, rtol=1e-8, atol=1e-14)
    figures, has_delay = known.answer.demands, np.isfinite(known.answer.demands.delay_s)
    assert np.array_equal(ours.figures.has_delay, has_delay)
    for name in ("delay_s", "delay_variation_s", "ipdv_s"):
        np.testing.assert_allclose(getattr(ours.figures, name)[has_delay], getattr(figures, name)[has_delay], rtol=1e-8, err_msg=name)
    assert_equal(ours.figures, figures, ("loss_ratio", "throughput_bps"))
    # the compiled bisection stops at 1e-4
    np.testing.assert_allclose(ours.figures.delay_quantiles_s[has_delay], figures.delay_quantiles_s[has_delay], rtol=1.5e-4)


def test_the_scenarios_of_these_tests_have_all_disciplines_and_processes() -> None:
    scenarios = [drawn(seed) for seed in SEEDS]
    assert {link.scheduling.discipline for scenario in scenarios for link in scenario.topology.links} == set(Discipline)
    assert {type(process) for scenario in scenarios for process in scenario.traffic.arrivals} == set(PROCESSES) - {PacketTrace}


@pytest.mark.parametrize("seeds", [(seed,) for seed in SEEDS] + [(3, 13, 12)])
def test_the_network_reads_the_same(seeds: tuple[int, ...]) -> None:
    known = prior(*(drawn(seed) for seed in seeds))
    (batch, reference_s), expected = batch_of_solved(solved(known)), batch_of(known.graph)
    np.testing.assert_allclose(reference_s, known.graph.physics.reference_s, rtol=1e-8)
    for name in (f.name for f in fields(expected) if f.name != "physics"):
        one, other = getattr(batch, name), getattr(expected, name)
        assert not isinstance(other, torch.Tensor) or one.dtype == other.dtype, name
        atol = 2e-4 if name == "demand_theory" else 1e-5  # one of its columns is a quantile
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=atol, err_msg=name)
    for name in (f.name for f in fields(expected.physics)):
        rtol = 2e-4 if name == "demand_quantiles" else 1e-5
        np.testing.assert_allclose(getattr(batch.physics, name), getattr(expected.physics, name), rtol=rtol, atol=1e-5, err_msg=name)


def mixes(n: int) -> tuple[compiled.WaitMoments, np.ndarray, np.ndarray]:
    """Waits from next to none to long ones, shapes within the table and beyond, some with fewer sizes."""
    rng = np.random.default_rng(5)
    mean = rng.lognormal(0, 3, n) * 1e-4 * (rng.random(n) > 0.05)
    atoms = np.sort(rng.lognormal(0, 1, (n, 5)), axis=1) * 1e-4 + rng.uniform(0, 1e-3, n)[:, None]
    weights = rng.dirichlet(np.ones(5), n)
    weights[: n // 4, 3:], atoms[: n // 4, 3:] = 0, atoms[: n // 4, 2:3]
    weights /= weights.sum(axis=1, keepdims=True)
    return compiled.WaitMoments(mean, mean**2 * rng.lognormal(0, 1.5, n), rng.uniform(0, 1, n)), atoms, weights


def test_quantiles_are_those_of_the_compiled_bisection_and_ascend() -> None:
    wait, atoms, weights = mixes(400)
    expected = compiled.delay_quantiles(QUANTILE_LEVELS, wait, atoms, weights)
    tensors = [torch.from_numpy(column) for column in (wait.mean_s, wait.variance_s2, wait.no_wait, atoms, weights)]
    found = delay_quantiles(QUANTILE_LEVELS, WaitMoments(*tensors[:3]), *tensors[3:])
    assert (found.diff(dim=1) >= -1e-15).all()
    np.testing.assert_allclose(found, expected, rtol=5e-4)
    assert np.median(np.abs(found.numpy() / expected - 1)) < 1e-4


def test_quantiles_have_the_derivatives_of_the_exact_distribution() -> None:
    wait, atoms, weights = mixes(60)
    columns = [wait.mean_s, wait.variance_s2, wait.no_wait]
    tensors = [torch.from_numpy(column).requires_grad_() for column in columns]
    found = delay_quantiles((0.9,), WaitMoments(*tensors), torch.from_numpy(atoms), torch.from_numpy(weights))
    slopes = torch.autograd.grad(found.sum(), tensors)
    assert all(torch.isfinite(slope).all() for slope in slopes)
    rows = [row for row in range(60) if wait.mean_s[row] > 0 and wait.no_wait[row] < 0.8]
    errors = []
    for row in rows:
        for number, slope in enumerate(slopes):
            values = np.array([column[row] for column in columns])
            step = 1e-4 * values[number]
            up, down = (exact_quantile(0.9, values + sign * step * (np.arange(3) == number), atoms[row], weights[row]) for sign in (1, -1))
            errors.append((slope[row].item() * values[number] - (up - down) / 2e-4) / up)  # of elasticities
    assert np.median(np.abs(errors)) < 1e-3
    assert np.quantile(np.abs(errors), 0.9) < 2e-2  # a row of the table at the edge of its shapes


def exact_quantile(level: float, moments: np.ndarray, atoms: np.ndarray, weights: np.ndarray) -> float:
    mean, variance, no_wait = moments
    given = mean / (1 - no_wait)
    spread = max((variance + mean**2) / (1 - no_wait) - given**2, 1e-12 * given**2)
    shape = np.clip(given**2 / spread, 0.05, 50.0)

    def missing(delay: float) -> float:
        inside = gammainc(shape, np.maximum(delay - atoms, 0) / given * shape)
        return float((weights * (delay >= atoms) * (no_wait + (1 - no_wait) * inside)).sum() - level)

    return float(brentq(missing, atoms[0] - 1e-12, atoms[-1] + 2000 * given, xtol=1e-18, rtol=1e-14))
