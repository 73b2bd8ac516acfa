"""Intents in YAML and as plain data, one to one."""

from pathlib import Path
from typing import Any

from nettwin.formats.safe_input.files import read_bytes
from nettwin.formats.safe_input.limits import Limits
from nettwin.formats.safe_input.yaml_text import parse_yaml
from nettwin.formats.yaml.places import Places
from nettwin.formats.yaml.text import yaml_text
from nettwin.intents.intent import Intent
from nettwin.intents.language.place import Place
from nettwin.intents.language.vocabulary import INTENT

READING_LIMITS = Limits(file_bytes=2**20, expanded_bytes=2**20, depth=12, yaml_elements=20_000, scalar_length=4096, attribute_length=1024)
"""An intent is written by hand: much less than a network."""


def read_intent(path: Path | str) -> Intent:
    """The intent in a YAML file. Raises InputError with the line of what is wrong."""
    data = read_bytes(Path(path), READING_LIMITS)
    return _read(parse_yaml(data, where=str(path), limits=READING_LIMITS), Places(str(path), data))


def intent_from_yaml(text: str) -> Intent:
    """The intent that a text describes. Raises InputError with the line of what is wrong."""
    data = text.encode()
    return _read(parse_yaml(data, where="intent", limits=READING_LIMITS), Places("intent", data))


def intent_from_plain(plain: Any) -> Intent:
    """The intent that plain data (of YAML or JSON) describes. Raises InputError with the place of what is wrong."""
    return _read(plain, Places("intent"))


def intent_to_plain(intent: Intent) -> dict[str, Any]:
    """Plain data that ``intent_from_plain`` turns into an equal intent; what is as usual is left out."""
    return INTENT.write(intent)


def intent_to_yaml(intent: Intent) -> str:
    """A text that ``intent_from_yaml`` turns into an equal intent."""
    return yaml_text(intent_to_plain(intent))


def write_intent(intent: Intent, path: Path | str) -> None:
    """Write YAML that ``read_intent`` reads. Raises OSError."""
    Path(path).write_text(intent_to_yaml(intent), encoding="utf-8")


def _read(plain: Any, places: Places) -> Intent:
    intent: Intent = INTENT.read(plain, Place(places))
    return intent
