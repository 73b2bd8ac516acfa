"""The building blocks of the schema: pydantic models derived from the values of scenario/, so that the two cannot drift apart."""

import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import numpy as np
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Strict,
    StrictBool,
    Tag,
    WithJsonSchema,
    create_model,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from nettwin.errors import FormatError
from nettwin.scenario.plain import KIND, UNLIMITED, field_hints, kind_name
from nettwin.scenario.quantities import parse_quantity, units_of


class Part(BaseModel):
    """A map with known keys only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_keys(cls, data: Any) -> Any:
        for key in data if isinstance(data, Mapping) else ():
            if key not in cls.model_fields:
                raise PydanticCustomError("unknown_key", "unknown key", {"key": str(key), "known": list(cls.model_fields)})
        return data


def _text(value: Any) -> Any:
    """Whole numbers are welcome as names: ``nodes: [1, 2, 3]``."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_text), WithJsonSchema({"type": ["string", "integer"]})]


@dataclass(frozen=True, slots=True)
class Quantity:
    """Marks a float whose name ends with its unit: given as a number in that unit, or as a text with any unit of the kind."""

    name: str

    def __get_pydantic_core_schema__(self, _source: Any, _handler: Any) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(self, _schema: Any, _handler: Any) -> dict[str, Any]:
        units = units_of(self.name)
        if not units.factors:
            return {"anyOf": [{"type": "number"}, {"const": UNLIMITED}]}
        unit = self.name.rpartition("_")[2]
        return {"type": ["number", "string"], "description": f"{units.kind} in {unit}, or with a unit: {units.example}"}

    def _read(self, value: Any) -> float:
        units = units_of(self.name)
        if value == UNLIMITED:
            return float("inf")
        if isinstance(value, str):
            try:
                return parse_quantity(value, units)
            except FormatError as error:
                raise PydanticCustomError("quantity", "{what}", {"what": error.what, "hint": error.hint}) from None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise PydanticCustomError("quantity", "{what}", {"what": f"no {units.kind}", "hint": f"write it as {units.example}"})
        return float(value)


@cache
def model_of(cls: type, kind: str = "") -> Any:
    """The model of a dataclass: its fields with their defaults, and its ``kind`` where it is one of several."""
    definitions: dict[str, Any] = {KIND: (Literal[kind], ...)} if kind else {}
    for field in fields(cls):
        if field.init:
            annotation = _annotation(field.name, field_hints(cls)[field.name])
            has_default = field.default is not MISSING or field.default_factory is not MISSING
            definitions[field.name] = (annotation | None, None) if has_default else (annotation, ...)
    description = (cls.__doc__ or "").splitlines()[0]
    return create_model(cls.__name__, __base__=Part, __doc__=description, **definitions)


def _annotation(name: str, hint: Any) -> Any:
    """The type in the schema for a field of a dataclass."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        real = [option for option in inner if option is not type(None)]
        return one_of(tuple(real)) if len(real) > 1 else _annotation(name, real[0]) | None
    if origin is tuple:
        return list[_annotation(name, inner[0])] if inner[-1] is Ellipsis else tuple[tuple(_annotation(name, i) for i in inner)]  # type: ignore[misc]
    if origin is np.ndarray:
        return list[_annotation(name, float)]  # type: ignore[misc]
    return _simple(name, hint)


def _simple(name: str, hint: Any) -> Any:
    if is_dataclass(hint):
        return model_of(hint)  # type: ignore[arg-type]
    if issubclass(hint, Enum):
        return Literal[tuple(member.value for member in hint)]
    return {float: Annotated[float, Quantity(name)], str: Text, bool: StrictBool, int: Annotated[int, Strict()]}[hint]


@cache
def one_of(classes: tuple[type, ...]) -> Any:
    """One of several dataclasses: a map with its ``kind``, or the kind (or the name of a profile) alone."""
    tagged = [Annotated[model_of(cls, kind_name(cls)), Tag(f"<{kind_name(cls)}>")] for cls in classes]
    return Annotated[Union[Annotated[Text, Tag("<name>")], *tagged], Discriminator(kind_of)]


def named_or(model: Any) -> Any:
    """The name of something defined elsewhere, or its map in place."""
    return Annotated[Annotated[Text, Tag("<name>")] | Annotated[model, Tag("<map>")], Discriminator(_shape_of)]


def kind_of(value: Any) -> str:
    """The tag of one of several parts; ``<...>`` keeps it apart from the keys of a file in the place of an error."""
    return f"<{str(value.get(KIND, 'missing'))[:60]}>" if isinstance(value, Mapping) else "<name>"


def _shape_of(value: Any) -> str:
    return "<map>" if isinstance(value, Mapping) else "<name>"


def plain_of(part: Any) -> Any:
    """What was given in a validated part, as plain data for ``from_plain``: numbers in SI, nulls and defaults left out."""
    if isinstance(part, BaseModel):
        given = {name: getattr(part, name) for name in type(part).model_fields if name in part.model_fields_set}
        return {name: plain_of(value) for name, value in given.items() if value is not None}
    if isinstance(part, dict):
        return {key: plain_of(value) for key, value in part.items()}
    return [plain_of(value) for value in part] if isinstance(part, list | tuple) else part
