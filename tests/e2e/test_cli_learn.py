"""``nettwin learn``: a twin is made, told about, tuned and watched from the command line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nettwin.formats import recorded
from nettwin.predict.queueing import QueueingPredictor
from small_twins import drawn, twin


def nettwin(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "nettwin.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)


@pytest.fixture(scope="module")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("smoke")
    done = nettwin("learn", "make", "smoke", str(folder), "--jobs", "2")
    assert done.returncode == 0, done.stderr
    return folder


def test_a_twin_is_made_with_one_command(smoke: Path) -> None:
    assert (smoke / "twin" / "manifest.json").is_file()
    assert sorted(path.name for path in (smoke / "twin").glob("*.safetensors")) == ["member-0.safetensors", "member-1.safetensors"]
    assert (smoke / "member-0" / "history.csv").read_text().count("\n") == 4
    assert "<svg" in (smoke / "member-0" / "history.svg").read_text()
    assert len(list((smoke / "plots").glob("*.svg"))) >= 3
    shown = nettwin("learn", "show", str(smoke / "twin"), "--format", "json")
    manifest = json.loads(shown.stdout)
    assert manifest["recipe"]["name"] == "smoke"
    assert set(manifest["calibration"]) >= {"delay", "loss", "queue_delay"}


def test_it_answers_and_is_evaluated(smoke: Path) -> None:
    data = str(smoke / "validation-0")
    done = nettwin(
        "evaluate", data, "--engine", "neural", "--option", f"weights={smoke / 'twin'}", "--rates", "measured", "--format", "json"
    )
    assert done.returncode == 0, done.stderr
    assert 0 < json.loads(done.stdout)["delay"]["mape"] < 0.3


def test_the_shipped_twin_tells_how_it_was_made() -> None:
    done = nettwin("learn", "show")
    assert done.returncode == 0, done.stderr
    assert "version" in done.stdout
    assert "recipe" in done.stdout


def test_it_is_tuned_on_measurements_and_watched(tmp_path: Path) -> None:
    twin(tmp_path / "old", size=0.0)
    for seed in range(4):
        scenario = drawn(seed, nodes=(4, 4), trouble_share=0.0)
        recorded.write_sample(scenario, QueueingPredictor().predict(scenario), tmp_path / "measured" / f"{seed:02}")
    data, new = str(tmp_path / "measured"), str(tmp_path / "new")
    tuned = nettwin("learn", "finetune", data, new, "--twin", str(tmp_path / "old"), "--epochs", "1", "--format", "json")
    assert tuned.returncode == 0, tuned.stderr
    assert json.loads(tuned.stdout)["old_after"] <= json.loads(tuned.stdout)["old_before"] * 1.1 + 1e-9
    watched = nettwin("learn", "drift", data, "--engine", "neural", "--option", f"weights={new}", "--format", "json")
    assert watched.returncode == 0, watched.stderr
    assert [row["is_drift"] for row in json.loads(watched.stdout)["measurements"]] == [False] * 4


def test_mistakes_are_explained(tmp_path: Path) -> None:
    unknown = nettwin("learn", "make", "smoek", str(tmp_path))
    assert unknown.returncode == 3
    assert "smoke" in unknown.stderr
    nowhere = nettwin("learn", "show", str(tmp_path))
    assert nowhere.returncode == 3
    assert "manifest.json" in nowhere.stderr
