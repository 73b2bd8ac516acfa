"""``nettwin dataset`` and ``nettwin evaluate`` on what it made."""

import csv
import inspect
import io
import json
import re
import shlex
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from fake_predictor import triangle
from nettwin.cli.app import GROUPS
from nettwin.cli.dataset.build import Effort, Space, build
from nettwin.cli.main import run
from nettwin.formats.recorded import write_sample
from nettwin.generate.scenarios import ScenarioSpace
from nettwin.learn.dataset import DatasetArgs
from nettwin.predict.registry import create

HEAVY = {"numba", "pandas", "torch", "matplotlib", "scipy", "pyarrow", "topohub", "networkx", "numpy"}
"""Typer itself needs pydantic to describe options."""
SMALL = ("--nodes", "3-4", "--max-demands", "12", "--hops", "20k", "--hops-per-demand", "0", "--shard-size", "2", "--seed", "1")


@pytest.fixture(autouse=True)
def wide_plain_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("cli") / "dataset"
    assert run(["dataset", "build", str(folder), "--samples", "3", *SMALL, "--output", str(folder.parent / "built.txt")]) == 0
    return str(folder)


PAGE = Path(__file__).resolve().parents[2] / "docs" / "datasets.md"


@pytest.fixture
def recorded(tmp_path: Path) -> str:
    write_sample(triangle(), create("queueing").predict(triangle()), tmp_path / "truth" / "000000")
    return str(tmp_path / "truth")


def out(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert run(arguments) == code
    return capsys.readouterr().out


def err(capsys: pytest.CaptureFixture[str], *arguments: str, code: int) -> str:
    assert run(arguments) == code
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return captured.err


@pytest.mark.parametrize("group", [group for groups in GROUPS.values() for group in groups], ids=lambda group: group.name)
def test_help_of_a_group_is_light_and_complete(group) -> None:
    calls = [[group.name, "--help"], *([group.name, command.__name__, "--help"] for command in group.commands)]
    program = (
        f"import sys; from nettwin.cli.main import run; codes = [run(call) for call in {calls!r}]; "
        f"print(sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr); sys.exit(any(codes))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr.strip()) == (0, "[]")
    for command in group.commands:
        assert f"{group.name} {command.__name__}" in result.stdout


def test_every_command_of_a_group_is_on_the_page() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
    for group in (group for groups in GROUPS.values() for group in groups):
        for command in group.commands:
            assert f"| `{group.name} {command.__name__}` |" in page


def test_groups_stand_in_the_list_of_commands(capsys: pytest.CaptureFixture[str]) -> None:
    text = out(capsys, "--help")
    for panel, groups in GROUPS.items():
        assert all(word in text for word in (panel, *(group.name for group in groups)))


def test_the_defaults_of_the_command_are_those_of_python() -> None:
    args, space, effort = DatasetArgs(), Space(), Effort()
    assert (effort.hops, effort.hops_per_demand, effort.shard_size) == (args.hops, args.hops_per_demand, args.shard_size)
    assert space.drawn_from() == ScenarioSpace()
    defaults = inspect.signature(build).parameters
    assert (defaults["samples"].default, defaults["seed"].default) == (args.samples, args.seed)
    assert {f.name for f in fields(DatasetArgs)} == {"samples", "seed", "space", *(f.name for f in fields(Effort))}


def test_build_tells_how_exact_its_labels_are(dataset: str) -> None:
    text = (Path(dataset).parent / "built.txt").read_text()
    for words in ("engine simulator", "space: nodes", "3 to 4", "label noise", "relative standard error"):
        assert words in text


def test_build_goes_on_and_extends(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = str(tmp_path / "grows")
    first = json.loads(out(capsys, "dataset", "build", folder, "--samples", "1", *SMALL, "--format", "json"))
    second = json.loads(out(capsys, "dataset", "build", folder, "--samples", "2", *SMALL, "--format", "json"))
    assert (first["args"]["samples"], second["args"]["samples"]) == (1, 2)
    assert "made with other arguments: seed" in err(capsys, "dataset", "build", folder, *SMALL, "--seed", "2", code=3)


@pytest.mark.parametrize(
    ("options", "words", "code"),
    [
        (("--nodes", "ten"), "is not a range", 2),
        (("--nodes", "9-3"), "is not a range", 2),
        (("--nodes", "3.5-4"), "whole numbers", 2),
        (("--nodes", "1-2"), "scenario space", 3),
        (("--hops", "many"), "is not a count", 2),
        (("--samples", "0"), "--samples", 2),
        (("--format", "parquet"), "--output", 2),
    ],
)
def test_wrong_options_are_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, options: tuple[str, ...], words: str, code: int
) -> None:
    assert words in err(capsys, "dataset", "build", str(tmp_path / "none"), *options, code=code)
    assert not (tmp_path / "none").exists()


def test_show_counts_the_samples(capsys: pytest.CaptureFixture[str], dataset: str) -> None:
    text = out(capsys, "dataset", "show", dataset)
    for words in ("3 samples in 2 shards", "style", "load", "nodes", "trouble", "label noise"):
        assert words in text
    document = json.loads(out(capsys, "dataset", "show", dataset, "--format", "json"))
    assert (document["samples"], document["manifest"]["args"]["seed"]) == (3, 1)
    rows = list(csv.DictReader(io.StringIO(out(capsys, "dataset", "show", dataset, "--format", "csv"))))
    assert sum(int(row["samples"]) for row in rows if row["kind"].startswith("style ")) == 3
    assert "no data set" in err(capsys, "dataset", "show", "no/such/folder", code=3)


def test_append_adds_what_was_measured(capsys: pytest.CaptureFixture[str], recorded: str, dataset: str, tmp_path: Path) -> None:
    folder = str(tmp_path / "mine")
    assert "1 samples added" in out(capsys, "dataset", "append", folder, recorded)
    assert "3 samples added" in out(capsys, "dataset", "append", folder, dataset)
    assert "1 samples added" in out(capsys, "dataset", "append", folder, dataset, "--limit", "1")
    assert f"3 samples from {dataset}" in out(capsys, "dataset", "show", folder)
    assert json.loads(out(capsys, "evaluate", folder, "--format", "json"))["simulations"] == 5
    assert "added to itself" in err(capsys, "dataset", "append", folder, folder, code=3)
    (tmp_path / "empty").mkdir()
    assert "no simulation" in err(capsys, "dataset", "append", folder, str(tmp_path / "empty"), code=3)


def test_evaluate_reads_shards_and_draws(capsys: pytest.CaptureFixture[str], dataset: str, tmp_path: Path) -> None:
    figures = tmp_path / "figures"
    text = out(capsys, "evaluate", dataset, "--rates", "measured", "--plots", str(figures), "--plot-format", "svg")
    for words in ("3 simulations", "measured rates", "queue occupancy, WAPE", "standard error of the recorded delays", "p99 delay, MAPE"):
        assert words in text
    assert {"error-cdf.svg", "predicted-and-recorded.svg", "error-by-true-delay.svg"} <= {path.name for path in figures.iterdir()}
    rows = list(csv.DictReader(io.StringIO(out(capsys, "evaluate", dataset, "--format", "csv", "--limit", "2"))))
    assert len(rows) == 2
    assert float(rows[0]["noise"]) > 0


def test_what_would_change_nothing_is_wrong_usage(capsys: pytest.CaptureFixture[str], dataset: str) -> None:
    assert "give --plots" in err(capsys, "evaluate", dataset, "--plot-format", "svg", code=2)
    assert "--rates" in err(capsys, "evaluate", dataset, "--rates", "guessed", code=2)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def test_the_page_runs(recorded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its commands with fewer samples, and its Python on what they made."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "truth").rename(tmp_path / "measured")
    for line in "\n".join(blocks("sh")).splitlines():
        arguments = shlex.split(line.replace("--samples 4000", f"--samples 2 {' '.join(SMALL)}").replace("--jobs 2", ""), comments=True)
        assert run(arguments[1:]) == 0, line
    names = {"scenario": triangle(), "performance": create("queueing").predict(triangle())}
    for program in blocks("python"):
        exec(compile(program, str(PAGE), "exec"), names)  # noqa: S102 - our own page
    assert {path.name for path in Path("out/train").iterdir()} == {
        "manifest.json",
        *(f"shard-{number}.parquet" for number in ("00000", "90000", "90001")),
    }
