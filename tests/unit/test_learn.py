"""Training, calibration, comparison, fine-tuning, drift: small, and each against something that it must get right."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from nettwin.errors import InputError, UnknownNameError
from nettwin.formats import shards
from nettwin.formats.coverage import CoverageLog
from nettwin.formats.imported import Imported
from nettwin.learn import recipes
from nettwin.learn.calibrate import calibrate
from nettwin.learn.compare import compare, draw_cdf
from nettwin.learn.dataset import DatasetArgs, build_dataset, sample
from nettwin.learn.drift import DriftMonitor
from nettwin.learn.examples import Labels, example_of, examples_of, union_of
from nettwin.learn.finetune import FinetuneArgs, finetune, mixed
from nettwin.learn.losses import log_error, root_error
from nettwin.learn.train import TrainArgs, args_of, fitted, take_over, train
from nettwin.performance import DemandPerformance, Performance
from nettwin.predict.neural.batch import batch_of
from nettwin.predict.neural.calibration import COVERAGES
from nettwin.predict.neural.library import load_library
from nettwin.predict.neural.model import TwinModel
from nettwin.predict.neural.prior import prior_of
from nettwin.predict.neural.shape import VARIANTS
from nettwin.predict.neural.weights import load_model
from nettwin.predict.queueing import QueueingPredictor
from nettwin.scenario import Scenario
from small_twins import drawn, model, twin

TINY = DatasetArgs(samples=6, seed=5, hops=3e4, hops_per_demand=0.0, shard_size=3)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    build_dataset(folder / "train", TINY)
    build_dataset(folder / "validation", replace(TINY, samples=2, seed=6))
    return folder


def _args(data: Path, **changes: object) -> TrainArgs:
    args = TrainArgs(train=(str(data / "train"),), validation=(str(data / "validation"),), epochs=2, batch_size=3)
    return replace(args, **changes)  # type: ignore[arg-type]


def test_examples_are_kept_and_read_back_equal(data: Path) -> None:
    fresh = [example_of(s.scenario, s.performance) for s in (one.read() for one in shards.samples(data / "train")) if s.performance]
    kept = examples_of(data / "train")
    assert len(kept) == len(fresh) == 6
    assert len(examples_of(data / "train", limit=2)) == 2
    for one, two in zip(fresh, kept, strict=True):
        assert one.graph.n_links == two.graph.n_links
        for name, value in vars(one.graph.physics).items():
            np.testing.assert_array_equal(getattr(two.graph.physics, name), value)
        for name in Labels.__dataclass_fields__:
            np.testing.assert_array_equal(getattr(two.labels, name), getattr(one.labels, name))


def test_training_goes_on_where_it_was_interrupted(data: Path, tmp_path: Path) -> None:
    whole = train(_args(data), tmp_path / "whole")

    def interrupt(epoch: int, _total: int, _scores: object) -> None:
        if epoch == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(_args(data), tmp_path / "parts", interrupt)
    parts = train(_args(data), tmp_path / "parts")
    one, two = (load_file(path.parent / "checkpoint.safetensors") for path in (whole, parts))
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert (tmp_path / "parts" / "history.csv").read_text() == (tmp_path / "whole" / "history.csv").read_text()


def test_a_folder_is_not_trained_with_other_arguments(data: Path, tmp_path: Path) -> None:
    train(_args(data, epochs=1), tmp_path)
    assert args_of(tmp_path) == _args(data, epochs=1)
    with pytest.raises(InputError, match="learning_rate"):
        train(_args(data, epochs=1, learning_rate=0.1), tmp_path)
    with pytest.raises(InputError, match="variant"):
        _args(data, variant="transformer")


def test_training_learns_what_the_theory_does_not_know(data: Path) -> None:
    """Packets that wait half as long again as theory says."""
    examples = [one for one in examples_of(data / "train") if np.bincount(one.graph.path_demand).max(initial=0) == 1]
    whole = union_of(examples)
    physics, order = whole.graph.physics, np.repeat(np.arange(whole.graph.n_paths), whole.graph.path_length)
    delay = physics.path_fixed + 1.5 * np.bincount(order, physics.hop_wait, whole.graph.n_paths)
    true = torch.from_numpy(delay.astype(np.float32))
    torch.manual_seed(0)
    made = fitted(VARIANTS["twin"], examples)
    optimizer = torch.optim.Adam(made.parameters(), lr=5e-3)
    batch, demand = batch_of(whole.graph), torch.from_numpy(whole.graph.path_demand)
    losses = []
    for _ in range(60):
        loss = log_error(made(batch).delay[demand], true, 0.0).mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]


def test_a_training_goes_on_from_weights_that_knew_fewer_features() -> None:
    new, graph = model(0), prior_of(drawn(4)).graph
    earlier = TwinModel(new.shape, replace(new.counts, queue_theory=new.counts.queue_theory - 2)).eval()
    with torch.no_grad():
        earlier.hop_out.weight.normal_(0.0, 0.5)
    take_over(new, earlier)
    batch = batch_of(graph)
    with torch.no_grad():
        torch.testing.assert_close(new(batch).hop_wait, earlier(batch).hop_wait)


def test_errors_are_symmetric_in_the_logarithm() -> None:
    one, two = torch.tensor([1.0, 2.0]), torch.tensor([2.0, 1.0])
    assert torch.allclose(log_error(one, two, 0.0), torch.full((2,), float(np.log(2))), atol=1e-6)
    assert float(root_error(torch.tensor(0.04), torch.tensor(0.01))) == pytest.approx(0.1, abs=1e-2)


def test_calibrated_intervals_hold_as_often_as_they_say(tmp_path: Path) -> None:
    """Measurements that are the model's own answer times noise of known spread."""
    rng = np.random.default_rng(0)
    predictor = twin(tmp_path, size=0.0)
    library = load_library(tmp_path)

    def noisy(seed: int) -> Imported:
        scenario = drawn(seed, trouble_share=0.0, max_load=(0.4, 0.7))
        answer = predictor.predict(scenario)
        noise = np.exp(np.abs(rng.normal(0.0, 0.02, scenario.traffic.n_demands)))  # never below what physics allows
        measured = replace(answer, interval=None, demands=replace(answer.demands, delay_s=answer.demands.delay_s * noise))
        return Imported(scenario, CoverageLog().report(), measured)

    calibration = calibrate(library.models, [noisy(seed) for seed in range(60, 75)])
    from nettwin.predict.neural.answer import Beliefs, performance_of
    from nettwin.predict.neural.ensemble import run
    from nettwin.predict.neural.prior import prior_of

    inside = []
    for seed in range(80, 95):
        imported = noisy(seed)
        prior = prior_of(imported.scenario)
        interval = performance_of(prior, run(library.models, prior.graph), Beliefs(calibration, 0.9)).interval
        assert imported.performance is not None
        assert interval is not None
        delay = imported.performance.demands.delay_s
        known = np.isfinite(delay)
        inside.append(((interval.lower.delay_s <= delay) & (delay <= interval.upper.delay_s))[known])
    assert np.concatenate(inside).mean() == pytest.approx(0.9, abs=0.06)
    assert calibration.factors["delay"].shape[-1] == len(COVERAGES)


def test_models_are_compared_on_the_same_networks(data: Path, tmp_path: Path) -> None:
    results = compare(_args(data, epochs=1), data / "validation", tmp_path, ("mlp", "twin"))
    assert [result.variant for result in results] == ["mlp", "twin"]
    assert len(results[0].relative_error) == len(results[1].relative_error)
    rows = [result.row() for result in results]
    assert rows[1]["mape"] < rows[0]["mape"]  # type: ignore[operator]  # untrained, the twin is the theory
    draw_cdf(results, tmp_path / "figure.svg")
    assert "<svg" in (tmp_path / "figure.svg").read_text()


def test_finetuning_learns_a_new_network_and_keeps_the_old(tmp_path: Path) -> None:
    """A network whose queues are longer than the twin thinks: as with 15 % more traffic."""
    predictor = twin(tmp_path / "old", size=0.0)
    old = load_library(tmp_path / "old")

    def measured(seed: int) -> tuple[Scenario, Performance]:
        scenario = drawn(seed, nodes=(5, 5), trouble_share=0.0, max_load=(0.7, 0.8))
        busier = replace(scenario, traffic=replace(scenario.traffic, rate_bps=scenario.traffic.rate_bps * 1.15))
        answer = QueueingPredictor().predict(busier)
        return scenario, replace(answer, demands=replace(answer.demands, offered_bps=scenario.traffic.rate_bps))

    args = FinetuneArgs(epochs=25, batch_size=2, learning_rate=1e-2, rehearsal=6, most_forgetting=1.0)
    result = finetune(old, [measured(seed) for seed in range(10)], tmp_path / "new", args)
    assert result.new_after < 0.8 * result.new_before
    assert result.old_after <= result.old_before * 2.0 + 1e-9
    new = load_library(tmp_path / "new")
    assert new.manifest["finetuned_from"] == old.version
    assert new.version != old.version
    assert new.manifest["finetuning"]["mixture"] == result.mixture > 0
    assert predictor.predict(drawn(1)).engine == "neural"


def test_finetuning_that_would_forget_is_held_back(tmp_path: Path) -> None:
    twin(tmp_path / "old", size=0.0)
    scenario, performance = sample(TINY, 0, ())
    spoiled = replace(performance, demands=replace(performance.demands, delay_s=performance.demands.delay_s * 8))
    args = FinetuneArgs(epochs=10, learning_rate=1e-2, rehearsal=3, most_forgetting=0.0)
    result = finetune(load_library(tmp_path / "old"), [(scenario, spoiled)] * 6, tmp_path / "new", args)
    assert result.old_after <= result.old_before * (1 + 1e-9)


def test_measurements_may_lack_figures(tmp_path: Path) -> None:
    """Recordings by others have five quantiles, no IPDV, no queues."""
    twin(tmp_path / "old", size=0.0)
    scenario, performance = sample(TINY, 1, ())
    demands = replace(
        performance.demands,
        delay_quantiles_s=performance.demands.delay_quantiles_s[:, :5],
        ipdv_s=np.full(scenario.traffic.n_demands, np.nan),
    )
    queues = type(performance.queues).unknown(scenario.topology.n_queues)
    poor = replace(performance, demands=demands, queues=queues, quantile_levels=performance.quantile_levels[:5], interval=None)
    args = FinetuneArgs(epochs=2, rehearsal=3)
    result = finetune(load_library(tmp_path / "old"), [(scenario, poor)] * 3, tmp_path / "new", args)
    assert np.isfinite([result.new_before, result.new_after, result.old_after]).all()
    assert len(load_library(tmp_path / "new").models) == 2


def _only_delays(performance: Performance) -> Performance:
    unknown = DemandPerformance.unknown(len(performance.demands.delay_s), 0)
    demands = replace(unknown, delay_s=performance.demands.delay_s, offered_bps=performance.demands.offered_bps)
    queues = type(performance.queues).unknown(len(performance.queues.delay_s))
    return replace(performance, demands=demands, queues=queues, quantile_levels=(), interval=None)


@pytest.mark.parametrize("relative", [0.0, 1.0])
def test_mean_delays_alone_are_learned_from_even_far_outside_of_the_training_range(tmp_path: Path, relative: float) -> None:
    """Buffers of thousands of packets, in which a trained twin trusts theory; what was measured is 0.7 times as long."""
    twin(tmp_path / "old", size=0.0)
    old = load_library(tmp_path / "old")
    for member in old.models:
        member.queue_scale.low.fill_(0.0)
        member.queue_scale.high.fill_(0.0)

    def measured(seed: int) -> tuple[Scenario, Performance]:
        scenario = drawn(seed, nodes=(5, 5), trouble_share=0.0, max_load=(0.7, 0.8))
        answer = QueueingPredictor().predict(scenario)
        return scenario, _only_delays(replace(answer, demands=replace(answer.demands, delay_s=0.7 * answer.demands.delay_s)))

    args = FinetuneArgs(epochs=15, batch_size=2, learning_rate=1e-2, rehearsal=3, most_forgetting=1e9, relative=relative)
    result = finetune(old, [measured(seed) for seed in range(10)], tmp_path / "new", args)
    assert np.isfinite(result.new_before)
    assert result.new_after < 0.8 * result.new_before


def test_too_few_measurements_are_refused(tmp_path: Path) -> None:
    twin(tmp_path / "old")
    with pytest.raises(InputError, match="two or more"):
        finetune(load_library(tmp_path / "old"), [], tmp_path / "new")


def test_a_mixture_lies_between_its_parts() -> None:
    one, two = model(1), model(2)
    half = mixed(one, two, 0.5)
    assert torch.allclose(half.hop_out.weight, (one.hop_out.weight + two.hop_out.weight) / 2)


def test_drift_is_found_soon_after_it_happens_and_not_before() -> None:
    predictor, rng = QueueingPredictor(), np.random.default_rng(1)
    scenario = drawn(11, nodes=(4, 4), trouble_share=0.0)
    answer = predictor.predict(scenario)
    monitor = DriftMonitor(predictor)

    def measured(factor: float) -> Performance:
        noise = np.exp(rng.normal(0, 0.03, scenario.traffic.n_demands))
        return replace(answer, demands=replace(answer.demands, delay_s=answer.demands.delay_s * factor * noise))

    watched = [monitor.update(scenario, measured(1.0 if i < 100 else 1.25)) for i in range(160)]
    alarms = [one.index for one in watched if one.is_drift]
    assert alarms
    assert 100 <= alarms[0] < 130
    assert watched[-1].mean_now > 2 * watched[99].mean_now


def test_an_unknown_recipe_names_the_known() -> None:
    with pytest.raises(UnknownNameError, match="laptop"):
        recipes.recipe("laptopp")


def test_a_recipe_makes_a_twin_and_goes_on_after_an_interruption(tmp_path: Path) -> None:
    args = DatasetArgs(samples=4, seed=8, hops=2e4, hops_per_demand=0.0, shard_size=2)
    tiny = recipes.Recipe(
        name="tiny",
        version="t",
        train=(args,),
        validation=(replace(args, samples=1, seed=9),),
        calibration=(replace(args, samples=2, seed=10),),
        members=2,
        epochs=1,
        batch_size=2,
    )
    steps: list[str] = []

    def stop(step: str, _share: float) -> None:
        steps.append(step)
        if step == "training member 1":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recipes.make(tiny, tmp_path, progress=stop)
    stamp = (tmp_path / "member-0" / "model.safetensors").stat().st_mtime_ns
    library = recipes.make(tiny, tmp_path)
    assert (tmp_path / "member-0" / "model.safetensors").stat().st_mtime_ns == stamp
    assert library.version == "t"
    assert library.manifest["recipe"]["train"][0]["seed"] == args.seed
    assert len(library.models) == 2
    assert load_model(tmp_path / "twin" / "member-0.safetensors").shape == library.models[0].shape
