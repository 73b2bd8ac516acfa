"""Other people's files and our values: one module per format, one registry that recognises them."""

from nettwin.formats.coverage import CoverageEntry, CoverageLog, CoverageReport, Status
from nettwin.formats.imported import Imported
from nettwin.formats.registry import format_names, read, scenario_schema, writable_format_names, write

__all__ = [
    "CoverageEntry",
    "CoverageLog",
    "CoverageReport",
    "Imported",
    "Status",
    "format_names",
    "read",
    "scenario_schema",
    "writable_format_names",
    "write",
]
