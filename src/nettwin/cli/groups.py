"""Options that belong together: a command takes them as one value, its user sees each of them."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from functools import wraps
from typing import Any, get_type_hints


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """The command with one option per field in the place of each parameter that is a dataclass."""
    signature = inspect.signature(command)
    groups: dict[str, Any] = {
        name: parameter.annotation for name, parameter in signature.parameters.items() if is_dataclass(parameter.annotation)
    }

    @wraps(command)
    def run(**given: Any) -> None:
        values = {name: group(**{f.name: given.pop(f.name) for f in fields(group)}) for name, group in groups.items()}
        command(**given, **values)

    spread = [option for parameter in signature.parameters.values() for option in _options(parameter)]
    run.__signature__ = signature.replace(parameters=spread)  # type: ignore[attr-defined]
    return run


def _options(parameter: inspect.Parameter) -> Iterator[inspect.Parameter]:
    by_name = inspect.Parameter.KEYWORD_ONLY  # options stand in any order, whether they have a default or not
    if not is_dataclass(parameter.annotation):
        yield parameter.replace(kind=by_name)
        return
    hints = get_type_hints(parameter.annotation, include_extras=True)
    for field in fields(parameter.annotation):
        yield inspect.Parameter(field.name, by_name, default=field.default, annotation=hints[field.name])
