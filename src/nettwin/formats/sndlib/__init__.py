"""SNDlib networks, XML and native text: nodes, links with capacities, modules and costs, demands (Orlowski et al. 2010).

Also its dynamic traffic matrices, which are networks without links. SNDlib's files are not part of nettwin: its licence
forbids that; ``topohub:sndlib/...`` has its networks without modules and costs.
"""

import re
from dataclasses import replace
from pathlib import Path

from nettwin.formats.assumptions import Assumptions
from nettwin.formats.completion import complete
from nettwin.formats.coverage import CoverageLog, CoverageReport
from nettwin.formats.imported import Imported
from nettwin.formats.losses import Holds, log_losses
from nettwin.formats.safe_input import read_bytes
from nettwin.formats.sndlib import native, xml
from nettwin.formats.sndlib.conversion import draft_of, network_of
from nettwin.formats.sndlib.network import SndNetwork
from nettwin.scenario import Scenario

NAME = "sndlib"
DESCRIPTION = "SNDlib networks, XML or native text, with modules and costs"
EXTENSIONS = (".xml", ".txt")

_XML = re.compile(rb"<(\w+:)?network[\s>]")
_NATIVE = re.compile(rb"^[ \t]*(\?\s*SNDlib|(META|NODES|LINKS|DEMANDS)[ \t]*\()", re.MULTILINE)


def recognizes(path: Path, head: bytes) -> bool:
    """Whether it is XML with SNDlib's root element, or starts like its native text."""
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return _XML.search(head) is not None and (b"sndlib" in head or b"networkStructure" in head)
    return _NATIVE.search(head) is not None


def read(path: Path, assumptions: Assumptions = Assumptions()) -> Imported:
    """The network in a file. Where it gives no capacity of a link, its modules or usual line rates are dimensioned."""
    log = CoverageLog()
    network = _network(read_bytes(path), str(path), log)
    named = replace(network, name=network.name or path.name.partition(".")[0])
    draft = replace(draft_of(named, assumptions, log), where=str(path))
    return Imported(complete(draft, assumptions, log), log.report())


def _network(data: bytes, where: str, log: CoverageLog) -> SndNetwork:
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return xml.parse(data, where, log)
    return native.parse(_text(data), where, log)


def _text(data: bytes) -> str:
    """UTF-8, or Latin-1 as SNDlib's own files were written in."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def write(scenario: Scenario, path: Path) -> CoverageReport:
    """Writes native text, or XML if the path ends with .xml."""
    log = CoverageLog()
    is_native = not path.name.lower().endswith(".xml")
    network = network_of(scenario, is_native=is_native)
    path.write_text(native.text_of(network) if is_native else xml.text_of(network), encoding="utf-8")
    log.modelled("node", count=len(network.nodes))
    log.modelled("link", count=len(network.links))
    log.modelled("demand", count=len(network.demands))
    log_losses(scenario, log, Holds.DEMANDS | Holds.POSITIONS | Holds.PLANNING)
    return log.report()
