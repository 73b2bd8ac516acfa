"""What the installed topohub package holds."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from nettwin.errors import MissingDependencyError, UnknownNameError

FAMILIES = {
    "backbone": "continents and their sea cables",
    "caida": "router-level maps of autonomous systems",
    "gabriel": "synthetic Gabriel graphs, gabriel/<nodes>/<number>",
    "sndlib": "research and planning networks, with demands",
    "topozoo": "Internet Topology Zoo",
}


def data_folder() -> Path:
    """Where topohub keeps its JSON files. Raises MissingDependencyError."""
    spec = find_spec("topohub")
    if spec is None or not spec.origin:
        raise MissingDependencyError("topohub is not installed", hint="pip install topohub")
    return Path(spec.origin).parent / "data"


@cache
def topohub_names() -> tuple[str, ...]:
    """All names, as ``sndlib/germany50``, sorted; numbers by value."""
    folder = data_folder()
    return tuple(sorted((path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.json")), key=_natural))


def _natural(name: str) -> list[tuple[bool, int, str]]:
    return [(not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in name.split("/")]


def path_of(name: str) -> Path:
    """The file of a name; upper and lower case do not matter. Raises UnknownNameError with the nearest names."""
    known = {known.lower(): known for known in topohub_names()}
    if name.lower() not in known:
        raise UnknownNameError.among("topohub network", name, _candidates(name), where="topohub")
    return data_folder() / f"{known[name.lower()]}.json"


def _candidates(name: str) -> tuple[str, ...]:
    """Names that fit better first: with the same last part, then of the same family, then all."""
    names = topohub_names()
    family, _, last = name.lower().rpartition("/")
    same_last = tuple(known for known in names if known.lower().rpartition("/")[2] == last)
    return same_last or tuple(known for known in names if family and known.startswith(f"{family}/")) or names
