"""topohub by name: ``topohub:sndlib/germany50``, ``topohub:gabriel/50/3?max_utilization=0.8&seed=2`` (Jurkiewicz, 2023).

Its networks have nodes, positions, lengths and, from SNDlib, demands. What they lack is made as ``Assumptions`` say, whose
fields can be set after the question mark. SNDlib demands that are given for one direction only are sent both ways, as topohub
itself counts them.
"""

from nettwin.formats.assumptions import Assumptions
from nettwin.formats.completion import complete
from nettwin.formats.coverage import CoverageLog
from nettwin.formats.imported import Imported
from nettwin.formats.safe_input import parse_json, read_bytes
from nettwin.formats.topohub.document import draft_of
from nettwin.formats.topohub.names import FAMILIES, path_of, topohub_names

__all__ = ["DESCRIPTION", "FAMILIES", "NAME", "read_name", "topohub_names"]

NAME = "topohub"
DESCRIPTION = "networks of the topohub package: sndlib, topozoo, gabriel, backbone, caida"


def read_name(name: str, assumptions: Assumptions = Assumptions()) -> Imported:
    """The network ``family/name``. Raises UnknownNameError with suggestions, MissingDependencyError without topohub."""
    key, _, query = name.partition("?")
    assumptions = assumptions.updated(query, f"{NAME}:{name}")
    path = path_of(key)
    log = CoverageLog()
    draft = draft_of(parse_json(read_bytes(path), where=f"{NAME}:{key}"), assumptions, log, f"{NAME}:{key}")
    return Imported(complete(draft, assumptions, log), log.report())
