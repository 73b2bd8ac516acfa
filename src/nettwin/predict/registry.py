"""Predictors by name: whatever is installed under the entry point group ``nettwin.predictors``."""

import inspect
from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from nettwin.errors import InputError, MissingDependencyError, UnknownNameError
from nettwin.predict.predictor import Predictor
from nettwin.scenario.plain import from_plain

GROUP = "nettwin.predictors"
DEFAULT_ENGINE = "auto"
"""Who answers when nobody was named."""


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


def options_from_plain(name: str, plain: Mapping[str, Any]) -> dict[str, Any]:
    """Options as people and files write them, in the types that the engine wants. Raises InputError."""
    build = _load(_entry_point(name))
    _check_names(name, build, plain)
    parameters = inspect.signature(build, eval_str=True).parameters
    return {option: _option(parameters[option], value, f"engine {name!r}: {option}") for option, value in plain.items()}


def _option(parameter: inspect.Parameter, value: Any, where: str) -> Any:
    is_typed = parameter.annotation is not inspect.Parameter.empty
    try:
        return from_plain(parameter.annotation, value, where) if is_typed else value
    except TypeError:
        raise InputError("it can be given in Python only", where=where) from None


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
    _check_names(name, build, options)
    signature = inspect.signature(build)
    try:
        signature.bind(**options)
    except TypeError as wrong:
        raise InputError(str(wrong), where=f"engine {name!r}", hint=f"its options: {signature}") from None


def _check_names(name: str, build: Any, options: Iterable[str]) -> None:
    known = inspect.signature(build).parameters
    for option in options:
        if option not in known:
            raise UnknownNameError.among("option", option, known, where=f"engine {name!r}")
