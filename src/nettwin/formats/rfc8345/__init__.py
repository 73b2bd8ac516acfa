"""RFC 8345 network topologies as JSON (RFC 7951), with the traffic-engineering attributes of RFC 8795 and RFC 8776.

Links are directed, as ours. Bandwidths are bytes per second, delays microseconds. There is no traffic: demands are made.
"""

import json
from pathlib import Path

from nettwin.errors import UnknownNameError
from nettwin.formats.assumptions import Assumptions
from nettwin.formats.coverage import CoverageLog, CoverageReport
from nettwin.formats.imported import Imported
from nettwin.formats.rfc8345.layers import Layer, layers_of, topmost
from nettwin.formats.rfc8345.reading import scenario_of
from nettwin.formats.rfc8345.writing import document_of
from nettwin.formats.safe_input import parse_json, read_bytes
from nettwin.scenario import Scenario

NAME = "rfc8345"
DESCRIPTION = "RFC 8345 topology as JSON, with RFC 8795 traffic-engineering attributes; traffic is made"
EXTENSIONS = (".rfc8345.json",)

__all__ = ["DESCRIPTION", "EXTENSIONS", "NAME", "member_names", "read", "read_member", "recognizes", "write"]


def recognizes(path: Path, head: bytes) -> bool:
    """Whether names of ietf-network stand in its head."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and (b"ietf-network" in head or b'"network-id"' in head)


def member_names(path: Path) -> tuple[str, ...]:
    """The networks (layers) of a file."""
    return tuple(layer.id for layer in _layers(path))


def read(path: Path, assumptions: Assumptions = Assumptions()) -> Imported:
    """The topmost network of a file; the others are reported as ignored."""
    layers = _layers(path)
    layer, log = topmost(layers), CoverageLog()
    for other in layers:
        if other is not layer:
            log.ignored(f"network {other.id}", other.place, f"another layer; read it as {path}#{other.id}")
    return Imported(scenario_of(layer, assumptions, log), log.report())


def read_member(path: Path, member: str, assumptions: Assumptions = Assumptions()) -> Imported:
    """The network with one of the ``member_names``."""
    by_id = {layer.id: layer for layer in _layers(path)}
    if member not in by_id:
        raise UnknownNameError.among("network", member, by_id, where=str(path))
    log = CoverageLog()
    return Imported(scenario_of(by_id[member], assumptions, log), log.report())


def write(scenario: Scenario, path: Path) -> CoverageReport:
    """Writes the topology; what the models cannot express, or only rounded, is reported."""
    log = CoverageLog()
    path.write_text(json.dumps(document_of(scenario, log), ensure_ascii=False, allow_nan=False, indent=1) + "\n", encoding="utf-8")
    return log.report()


def _layers(path: Path) -> tuple[Layer, ...]:
    return layers_of(parse_json(read_bytes(path), where=str(path)), str(path))
