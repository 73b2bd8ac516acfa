"""How far a twin may be off is measured: exponents that are found again, scores without noise, new versions with the same weights."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from nettwin.cli.app import app
from nettwin.errors import InputError
from nettwin.learn.calibrate import CalibrationSet, calibrated, recalibrated
from nettwin.learn.dataset import DatasetArgs, build_dataset
from nettwin.learn.expected_errors import fitted_exponents
from nettwin.learn.measured_errors import FigureErrors, scores
from nettwin.predict.neural.attributes import DEMAND_ATTRIBUTES
from nettwin.predict.neural.calibration import COVERAGES, DEMAND_FIGURES, LINK_FIGURES, QUEUE_FIGURES, attributes_of, first_exponents
from nettwin.predict.neural.library import MANIFEST, load_library
from small_twins import twin

TRUE = np.array([0.3, 1.2, 2.0, 0.0, 1.5, 0.0, 0.0, 0.0])


def _network(rng: np.random.Generator, figure: str = "delay", rows: int = 200) -> FigureErrors:
    """Errors with a Laplace distribution whose scale follows the attributes, measured with noise."""
    attributes = rng.uniform(0.0, 1.0, (rows, len(attributes_of(figure))))
    attributes[:, 0] = rng.normal(-4.0, 0.7, rows)
    expected = np.exp(TRUE[0] + attributes[:, : len(TRUE) - 1] @ TRUE[1:])
    noise = np.full(rows, 0.005)
    error = np.abs(rng.laplace(0.0, expected) + rng.normal(0.0, noise))
    return FigureErrors(error, noise, attributes, np.zeros(rows, dtype=np.int64))


def test_the_law_of_the_errors_is_found_again() -> None:
    rng = np.random.default_rng(0)
    found = fitted_exponents("delay", [_network(rng) for _ in range(30)])
    np.testing.assert_allclose(found[1:3], TRUE[1:3], atol=0.15)
    np.testing.assert_allclose(found[4], TRUE[4], atol=0.15)
    assert len(found) == 1 + len(DEMAND_ATTRIBUTES)


def test_without_errors_the_networks_are_believed() -> None:
    assert fitted_exponents("p90", []).tolist() == first_exponents("p90").tolist()


def test_noise_of_the_measurement_is_no_error() -> None:
    """Of a prediction that is exact, nine in ten measured errors need no interval of 90 %."""
    rng = np.random.default_rng(1)
    noise = np.full(4000, 0.01)
    errors = FigureErrors(np.abs(rng.normal(0.0, noise)), noise, np.zeros((4000, 7)), np.zeros(4000, dtype=np.int64))
    needed = scores(errors, np.full(4000, 0.01))[:, COVERAGES.index(0.9)]
    assert (needed == 0).mean() == pytest.approx(0.9, abs=0.02)


def test_factors_are_quantiles_and_ascend() -> None:
    rng = np.random.default_rng(2)
    figures = (*DEMAND_FIGURES, *QUEUE_FIGURES, *LINK_FIGURES)
    calibration = calibrated([{figure: _network(rng, figure, 100) for figure in figures} for _ in range(12)])
    for figure in figures:
        table = calibration.factors[figure]
        assert (np.diff(table, axis=-1) >= 0).all()
        assert np.isfinite(calibration.exponents[figure]).all()
    assert calibration.factors["delay"][0, 0, COVERAGES.index(0.9)] == pytest.approx(np.log(10), rel=0.15)  # of a Laplace distribution


def test_a_twin_is_calibrated_anew_in_its_own_folder(tmp_path: Path) -> None:
    twin(tmp_path / "twin", size=0.1)
    old = load_library(tmp_path / "twin")
    build_dataset(tmp_path / "data", DatasetArgs(samples=3, seed=8, hops=3e4, hops_per_demand=0.0, shard_size=3))
    args = ["learn", "calibrate", str(tmp_path / "twin"), str(tmp_path / "data"), "--version", "next"]
    result = CliRunner().invoke(app, args)
    assert result.exit_code == 0, result.output
    new = load_library(tmp_path / "twin")
    assert new.version == "next"
    assert new.manifest["members"] == old.manifest["members"]
    assert new.manifest["calibration"] != old.manifest["calibration"]
    assert new.manifest["calibrated_on"][0]["networks"] == 3
    assert new.manifest["calibrated_on"][0]["args"]["seed"] == 8
    again = CliRunner().invoke(app, args)
    assert again.exit_code == 0
    assert json.loads((tmp_path / "twin" / MANIFEST).read_text()) == new.manifest


def test_a_calibration_needs_measurements(tmp_path: Path) -> None:
    twin(tmp_path / "twin")
    with pytest.raises(InputError, match="no sample"):
        recalibrated(load_library(tmp_path / "twin"), tmp_path / "new", [CalibrationSet("nothing", [])])
