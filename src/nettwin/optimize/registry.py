"""Optimizers by name; each is loaded when first asked for."""

import inspect
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

from nettwin.errors import InputError, MissingDependencyError, UnknownNameError
from nettwin.optimize.optimizer import Optimizer
from nettwin.scenario.plain import from_plain

DEFAULT_METHOD = "portfolio"
"""Who searches when nobody was named."""
_HOMES: Mapping[str, str] = MappingProxyType(
    {
        "portfolio": "nettwin.optimize.portfolio:Portfolio",
        "local-search": "nettwin.optimize.local_search:LocalSearch",
        "column-generation": "nettwin.optimize.column_generation:ColumnGeneration",
        "lp": "nettwin.optimize.lp:MultiCommodityFlow",
        "constraint-programming": "nettwin.optimize.constraint_programming:ConstraintProgramming",
        "reinforcement": "nettwin.optimize.reinforcement:Reinforcement",
        "twin-guided": "nettwin.optimize.twin_guided:TwinGuided",
        "upgrades": "nettwin.optimize.upgrades:Upgrades",
    }
)


def names() -> tuple[str, ...]:
    """All methods, the default first; one whose optional parts are missing is named too."""
    return tuple(_HOMES)


def create(name: str, **options: Any) -> Optimizer:
    """A method from its name and options. Raises UnknownNameError, InputError or MissingDependencyError."""
    build = _load(name)
    known = inspect.signature(build).parameters
    for option in options:
        if option not in known:
            raise UnknownNameError.among("option", option, known, where=f"method {name!r}")
    try:
        method: Optimizer = build(**options)
    except TypeError as wrong:
        raise InputError(str(wrong), where=f"method {name!r}", hint=f"its options: {inspect.signature(build)}") from None
    return method


def options_of(name: str) -> dict[str, Any]:
    """The options that a method takes, each with its default (``inspect.Parameter.empty``: it must be given)."""
    return {parameter.name: parameter.default for parameter in inspect.signature(_load(name)).parameters.values()}


def options_from_plain(name: str, plain: Mapping[str, Any]) -> dict[str, Any]:
    """Options as people and files write them, in the types that the method wants. Raises InputError."""
    parameters = inspect.signature(_load(name), eval_str=True).parameters
    for option in plain:
        if option not in parameters:
            raise UnknownNameError.among("option", option, parameters, where=f"method {name!r}")
    return {option: _option(parameters[option], value, f"method {name!r}: {option}") for option, value in plain.items()}


def _option(parameter: inspect.Parameter, value: Any, where: str) -> Any:
    try:
        return from_plain(parameter.annotation, value, where)
    except TypeError:
        raise InputError("it can be given in Python only", where=where) from None


def _load(name: str) -> Any:
    if name not in _HOMES:
        raise UnknownNameError.among("method", name, _HOMES)
    module, _, member = _HOMES[name].partition(":")
    try:
        return getattr(import_module(module), member)
    except ImportError as missing:
        if (missing.name or "").startswith("nettwin."):
            raise  # ours is broken, not absent
        what = missing.name or str(missing)
        raise MissingDependencyError(
            f"needs {what}, which is not installed", where=f"method {name!r}", hint="pip install 'nettwin[optimize]'"
        ) from missing
