from collections.abc import Callable

import pytest

from nettwin.errors import InputError, MissingDependencyError, UnknownNameError
from nettwin.predict import registry


class Point:
    def __init__(self, name, build):
        self.name, self.build = name, build

    def load(self):
        if self.build is None:
            raise ModuleNotFoundError("No module named 'warp_drive'", name="warp_drive")
        return self.build


class Engine:
    name = "engine"

    def __init__(self, seed: int, precision: float = 0.01, progress: Callable[[float], None] | None = None):
        self.seed, self.precision = seed, precision

    def predict(self, scenario): ...


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    points = [Point("engine", Engine), Point("warp", None)]
    monkeypatch.setattr(registry, "entry_points", lambda group: points if group == "nettwin.predictors" else [])


def test_names_are_sorted_and_include_what_cannot_be_loaded():
    assert registry.names() == ("engine", "warp")


def test_create_passes_the_options_on():
    engine = registry.create("engine", seed=7)
    assert (engine.seed, engine.precision) == (7, 0.01)


def test_options_of_names_them_with_their_defaults():
    assert registry.options_of("engine")["precision"] == 0.01


def test_an_unknown_engine_gets_a_suggestion():
    with pytest.raises(UnknownNameError, match="did you mean engine"):
        registry.create("engin")


def test_an_unknown_option_gets_a_suggestion():
    with pytest.raises(UnknownNameError, match=r"engine 'engine': unknown option 'sead' \(did you mean seed"):
        registry.create("engine", sead=1)


def test_options_as_people_write_them_get_their_types():
    options = registry.options_from_plain("engine", {"seed": 7.0, "precision": "1e-3"})
    assert options == {"seed": 7, "precision": 1e-3}
    assert isinstance(options["seed"], int)
    with pytest.raises(InputError, match=r"engine 'engine': seed: 1\.5 instead of a whole number"):
        registry.options_from_plain("engine", {"seed": 1.5})
    with pytest.raises(UnknownNameError, match="did you mean seed"):
        registry.options_from_plain("engine", {"sead": 1})


def test_options_that_cannot_be_written_are_refused():
    with pytest.raises(InputError, match="in Python only"):
        registry.options_from_plain("engine", {"progress": 3})


def test_a_missing_option_is_said():
    with pytest.raises(InputError, match="seed"):
        registry.create("engine")


def test_a_missing_library_is_named():
    with pytest.raises(MissingDependencyError, match="warp_drive"):
        registry.create("warp")
