"""nettwin: a Digital Twin Network.

    network = nettwin.read("topohub:sndlib/geant").scenario
    nettwin.ask(network).links.nlargest(5, "utilization")

Everything is loaded when first used, so ``import nettwin`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nettwin.apps.notebook import Case, Improvement, ask, ask_in_time, explain, improve, sweep, what_if, write_report
    from nettwin.formats.networkx import from_networkx, to_networkx
    from nettwin.formats.registry import read, write
    from nettwin.intents.reading import read_intent

_HOMES = {
    "Case": "nettwin.apps.notebook",
    "Improvement": "nettwin.apps.notebook",
    "ask": "nettwin.apps.notebook",
    "ask_in_time": "nettwin.apps.notebook",
    "explain": "nettwin.apps.notebook",
    "from_networkx": "nettwin.formats.networkx",
    "improve": "nettwin.apps.notebook",
    "read": "nettwin.formats.registry",
    "read_intent": "nettwin.intents.reading",
    "sweep": "nettwin.apps.notebook",
    "to_networkx": "nettwin.formats.networkx",
    "what_if": "nettwin.apps.notebook",
    "write": "nettwin.formats.registry",
    "write_report": "nettwin.apps.notebook",
}

__all__ = [
    "Case",
    "Improvement",
    "ask",
    "ask_in_time",
    "explain",
    "from_networkx",
    "improve",
    "read",
    "read_intent",
    "sweep",
    "to_networkx",
    "what_if",
    "write",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("nettwin")
    if name not in _HOMES:
        raise AttributeError(f"module 'nettwin' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
