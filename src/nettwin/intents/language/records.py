"""Maps with fixed keys that stand for a value with fields."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

from nettwin.errors import FormatError, InputError, UnknownNameError
from nettwin.intents.language.kinds import Kind, Schema, wrong
from nettwin.intents.language.place import Place


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a file and the field that it stands for."""

    name: str
    field: str
    """Empty: the value is a map of several fields."""
    kind: Kind
    about: str
    aliases: tuple[str, ...] = ()
    is_required: bool = False
    written: Callable[[Any], Any] | None = None
    """Writes the key from the whole value, where the field alone does not do."""


@dataclass(frozen=True, slots=True)
class Fields:
    """Some keys of a map, without the value that they belong to."""

    keys: tuple[Key, ...]
    called: str

    def read(self, plain: Any, place: Place) -> dict[str, Any]:
        """Fields by name."""
        if not isinstance(plain, Mapping):
            raise wrong(plain, f"a map with the keys of {self.called}", place, f"known: {', '.join(key.name for key in self.keys)}")
        found = {key.name: (item, place.inside(name)) for name, item, key in self._items(plain, place)}
        values: dict[str, Any] = {}
        for key in self.keys:
            if key.name in found:
                value = key.kind.read(*found[key.name])
                values |= {key.field: value} if key.field else value
            elif key.is_required:
                raise FormatError(f"{key.name} is missing", where=str(place), hint=key.about)
        return values

    def _items(self, plain: Mapping[str, Any], place: Place) -> Iterator[tuple[str, Any, Key]]:
        known = {name: key for key in self.keys for name in (key.name, *key.aliases)}
        seen: dict[str, str] = {}
        for name, item in plain.items():
            key = known.get(str(name).replace("_", "-"))
            if key is None:
                raise UnknownNameError.among("key", str(name), [key.name for key in self.keys], where=str(place.inside(name)))
            if key.name in seen:
                raise FormatError(f"{name} and {seen[key.name]} mean the same", where=str(place), hint="remove one of them")
            seen[key.name] = name
            yield name, item, key

    def write(self, value: Any) -> dict[str, Any]:
        """What differs from the defaults."""
        usual = {f.name: f.default_factory() if f.default_factory is not MISSING else f.default for f in fields(value)}
        plain: dict[str, Any] = {}
        for key in self.keys:
            written = _written(key, value, usual)
            if written is not _LEFT_OUT:
                plain[key.name] = written
        return plain

    def schema(self) -> Schema:
        properties: dict[str, Any] = {}
        for key in self.keys:
            properties[key.name] = {**key.kind.schema(), "description": key.about}
            properties |= {alias: {**key.kind.schema(), "description": f"the same as {key.name}"} for alias in key.aliases}
        required = [key.name for key in self.keys if key.is_required]
        return {"type": "object", "properties": properties, "additionalProperties": False} | ({"required": required} if required else {})


_LEFT_OUT = object()


def _written(key: Key, value: Any, usual: dict[str, Any]) -> Any:
    if key.written is not None:
        plain = key.written(value)
        return _LEFT_OUT if plain is None else plain
    if not key.field:
        return key.kind.write(value) or _LEFT_OUT
    own = getattr(value, key.field)
    return _LEFT_OUT if own == usual[key.field] and not key.is_required else key.kind.write(own)


@dataclass(frozen=True, slots=True)
class Record:
    """A map that stands for a value."""

    fields: Fields
    build: Callable[..., Any]
    short: Key | None = None
    """The key that may stand alone in the place of the map."""

    def read(self, plain: Any, place: Place) -> Any:
        if self.short is not None and not isinstance(plain, Mapping):
            values = {self.short.field: self.short.kind.read(plain, place)}
        else:
            values = self.fields.read(plain, place)
        try:
            return self.build(**values)
        except InputError as error:
            raise error.at(str(place)) from None

    def write(self, value: Any) -> dict[str, Any]:
        return self.fields.write(value)

    @property
    def name(self) -> str:
        """Under which the schema defines it."""
        return self.fields.called.removeprefix("a ").removeprefix("an ").replace(" ", "-").lower()

    def schema(self) -> Schema:
        own: Schema = {"$ref": f"#/$defs/{self.name}"}
        return own if self.short is None else {"anyOf": [own, self.short.kind.schema()]}


@dataclass(frozen=True, slots=True)
class Fixed:
    """A key that may be said but can only have one value; it stands for no field."""

    words: tuple[Any, ...]

    def read(self, plain: Any, place: Place) -> dict[str, Any]:
        if plain not in self.words:
            raise wrong(plain, " or ".join(str(word) for word in self.words), place)
        return {}

    def write(self, value: Any) -> None:
        return None

    def schema(self) -> Schema:
        return {"enum": list(self.words)}
