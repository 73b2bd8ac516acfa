"""Kinds of values that hold others: lists, maps, and what may be nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nettwin.errors import FormatError
from nettwin.intents.language.kinds import Kind, Schema, wrong
from nettwin.intents.language.place import Place


@dataclass(frozen=True, slots=True)
class ListOf:
    """Several values; one alone needs no brackets."""

    item: Kind

    def read(self, plain: Any, place: Place) -> tuple[Any, ...]:
        if not isinstance(plain, list | tuple):
            return (self.item.read(plain, place),)
        return tuple(self.item.read(each, place.inside(index)) for index, each in enumerate(plain))

    def write(self, value: tuple[Any, ...]) -> list[Any]:
        return [self.item.write(each) for each in value]

    def schema(self) -> Schema:
        return {"anyOf": [self.item.schema(), {"type": "array", "items": self.item.schema()}]}


@dataclass(frozen=True, slots=True)
class MapOf:
    """Values by name."""

    key: Kind
    item: Kind
    collect: Callable[[dict[Any, Any]], Any]
    """The pairs as the value."""
    pairs: Callable[[Any], Mapping[Any, Any]]
    """The value as pairs."""
    schema_of_keys: tuple[str, ...] = ()
    """The only ones, where they are few."""

    def read(self, plain: Any, place: Place) -> Any:
        if not isinstance(plain, Mapping):
            raise wrong(plain, "a map", place)
        read = [(self.key.read(name, place.inside(name)), self.item.read(each, place.inside(name))) for name, each in plain.items()]
        if len({name for name, _ in read}) < len(read):
            raise FormatError("the same thing is named twice", where=str(place), hint="remove one of them")
        return self.collect(dict(read))

    def write(self, value: Any) -> dict[str, Any]:
        return {self.key.write(name): self.item.write(each) for name, each in self.pairs(value).items()}

    def schema(self) -> Schema:
        if self.schema_of_keys:
            properties = {name: self.item.schema() for name in self.schema_of_keys}
            return {"type": "object", "properties": properties, "additionalProperties": False}
        return {"type": "object", "additionalProperties": self.item.schema()}


@dataclass(frozen=True, slots=True)
class OrNothing:
    """A value, or ``null`` for none."""

    kind: Kind

    def read(self, plain: Any, place: Place) -> Any:
        return None if plain is None else self.kind.read(plain, place)

    def write(self, value: Any) -> Any:
        return None if value is None else self.kind.write(value)

    def schema(self) -> Schema:
        return {"anyOf": [self.kind.schema(), {"type": "null"}]}
