"""Predictors by name: whatever is installed under the entry point group ``nettwin.predictors``."""

import inspect
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from nettwin.errors import InputError, MissingDependencyError, UnknownNameError
from nettwin.predict.predictor import Predictor

GROUP = "nettwin.predictors"


def names() -> tuple[str, ...]:
    """All predictors that are registered; one whose optional parts are missing is named too."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


def create(name: str, **options: Any) -> Predictor:
    """A predictor from its name and options. Raises UnknownNameError, InputError or MissingDependencyError."""
    build = _load(_entry_point(name))
    _check_options(name, build, options)
    predictor: Predictor = build(**options)
    return predictor


def options_of(name: str) -> dict[str, Any]:
    """The options that a predictor takes, each with its default (``inspect.Parameter.empty``: it must be given)."""
    parameters = inspect.signature(_load(_entry_point(name))).parameters.values()
    return {parameter.name: parameter.default for parameter in parameters}


def _entry_point(name: str) -> EntryPoint:
    found = {point.name: point for point in entry_points(group=GROUP)}
    if name not in found:
        raise UnknownNameError.among("engine", name, sorted(found))
    return found[name]


def _load(point: EntryPoint) -> Any:
    try:
        return point.load()
    except ImportError as missing:
        module = missing.name or str(missing)
        raise MissingDependencyError(f"needs {module}, which is not installed", where=f"engine {point.name!r}") from missing


def _check_options(name: str, build: Any, options: dict[str, Any]) -> None:
    signature = inspect.signature(build)
    for option in options:
        if option not in signature.parameters:
            raise UnknownNameError.among("option", option, signature.parameters, where=f"engine {name!r}")
    try:
        signature.bind(**options)
    except TypeError as wrong:
        raise InputError(str(wrong), where=f"engine {name!r}", hint=f"its options: {signature}") from None
