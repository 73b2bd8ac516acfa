"""The networks of a document, which may lie on each other as layers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nettwin.errors import FormatError


@dataclass(frozen=True, eq=False)
class Layer:
    """One network, not yet read."""

    id: str
    place: str
    data: Mapping[str, Any]
    below: frozenset[str]
    """The networks that it lies on."""

    @property
    def has_links(self) -> bool:
        return any(str(key).rpartition(":")[2] == "link" for key in self.data)


def layers_of(document: Any, where: str) -> tuple[Layer, ...]:
    """The networks in a document: of a datastore (``networks``), a list (``network``), or in RFC 9195 instance data."""
    networks, place = _networks(document, where, "")
    layers = tuple(_layer(network, f"{where}: {place}[{index}]") for index, network in enumerate(networks))
    ids = [layer.id for layer in layers]
    if not layers:
        raise FormatError("no network", where=where)
    if len(set(ids)) != len(ids):
        raise FormatError("two networks have one network-id", where=where)
    return layers


def topmost(layers: tuple[Layer, ...]) -> Layer:
    """The first network with links that lies under no other; else the first of all."""
    beneath = frozenset(name for layer in layers for name in layer.below)
    with_links = [layer for layer in layers if layer.has_links]
    return next((layer for layer in with_links if layer.id not in beneath), (with_links or list(layers))[0])


def _networks(value: Any, where: str, place: str) -> tuple[list[Any], str]:
    found = _member(value, "network")
    if isinstance(found, list):
        return found, f"{place}network"
    for wrapper in ("networks", "instance-data-set", "content-data"):
        inside = _member(value, wrapper)
        if isinstance(inside, Mapping):
            return _networks(inside, where, f"{place}{wrapper}.")
    raise FormatError("no ietf-network:networks", where=where, hint="the document holds networks: {network: [...]}")


def _layer(network: Any, place: str) -> Layer:
    name = _member(network, "network-id")
    if not isinstance(name, str) or not name:
        raise FormatError("network-id is missing", where=place)
    supporting = _member(network, "supporting-network")
    below = [_member(item, "network-ref") for item in supporting] if isinstance(supporting, list) else []
    return Layer(name, place, network, frozenset(item for item in below if isinstance(item, str)))


def _member(value: Any, name: str) -> Any:
    if not isinstance(value, Mapping):
        return None
    return next((item for key, item in value.items() if str(key).rpartition(":")[2] == name), None)
