"""The steps that most commands share: read a scenario, make an engine, ask it."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer

from nettwin.cli.console import note
from nettwin.cli.options import Engine, EngineOptions, Seed
from nettwin.cli.progress import progress

if TYPE_CHECKING:
    from nettwin.apps.compare import Comparison
    from nettwin.apps.tables import PerformanceView, SeriesView
    from nettwin.changes import Timeline
    from nettwin.changes.change import Change
    from nettwin.formats import Imported
    from nettwin.predict.predictor import Predictor
    from nettwin.scenario import Scenario


def read(source: str, input_format: str | None = None) -> "Imported":
    """Read a scenario; say so if a part of it was not understood."""
    from nettwin.formats import Status
    from nettwin.formats.registry import read as read_source

    with progress(f"reading {source}"):
        imported = read_source(source, format=input_format)
    if n_unknown := imported.coverage.count(Status.UNKNOWN):
        note(f"nettwin: {source}: {n_unknown} items were not understood and are not modelled; `nettwin import` lists them")
    return imported


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """Who answers."""

    engine: Engine = "auto"
    option: EngineOptions = None
    seed: Seed = None

    def create(self) -> "Predictor":
        """The engine. Raises InputError, MissingDependencyError."""
        return create_engine(self.engine, self.option, seed=self.seed)


def create_engine(name: str, option_texts: list[str] | None = None, **options: Any) -> "Predictor":
    """An engine with the options that were given; a seed goes to engines that take one. The texts weigh more."""
    from nettwin.predict import registry

    chosen = {key: value for key, value in options.items() if value is not None}
    chosen |= registry.options_from_plain(name, parse_options(option_texts))
    if "seed" in chosen and not takes(name, "seed"):
        note(f"nettwin: engine {name} uses no chance; --seed changes nothing")
        del chosen["seed"]
    return registry.create(name, **chosen)


def n_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def takes(engine: str, option: str) -> bool:
    """Whether an engine has this option."""
    from nettwin.predict.registry import options_of

    return option in options_of(engine)


def parse_options(texts: list[str] | None) -> dict[str, Any]:
    """``key=value`` with values as in YAML: numbers, true, false, text."""
    from nettwin.formats.safe_input.yaml_text import parse_yaml

    options = {}
    for text in texts or []:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise typer.BadParameter(f"{text!r} is not KEY=VALUE", param_hint="--option")
        options[key.replace("-", "_")] = parse_yaml(value.encode(), where=f"--option {key}")
    return options


def ask(predictor: "Predictor", scenario: "Scenario") -> "PerformanceView":
    """The engine's answer with the scenario's names."""
    from nettwin.apps.tables import PerformanceView

    with progress(f"asking engine {predictor.name}") as share:
        return PerformanceView(scenario, _telling(predictor, share).predict(scenario))


def ask_in_time(predictor: "Predictor", timeline: "Timeline") -> "SeriesView":
    """The engine's answers, one per window."""
    from nettwin.apps.tables import SeriesView
    from nettwin.errors import PredictionError
    from nettwin.predict.predictor import TimelinePredictor

    if not isinstance(predictor, TimelinePredictor):
        raise PredictionError("it does not answer for changes in time", where=f"engine {predictor.name}", hint="use the simulator")
    with progress(f"asking engine {predictor.name}") as share:
        return SeriesView(timeline, _telling(predictor, share).predict_timeline(timeline))


def what_if(predictor: "Predictor", scenario: "Scenario", changes: "Iterable[Change]") -> "Comparison":
    """The engine's answers before and after the changes."""
    from nettwin.apps.what_if import what_if as compare_with_change

    with progress(f"asking engine {predictor.name} twice"):
        return compare_with_change(scenario, changes, predictor)


def _telling(predictor: Any, share: Callable[[float], None]) -> Any:
    """The same engine, telling how far it is, where it can."""
    from dataclasses import fields, is_dataclass, replace

    if is_dataclass(predictor) and not isinstance(predictor, type) and any(field.name == "progress" for field in fields(predictor)):
        return replace(predictor, progress=share)
    return predictor
