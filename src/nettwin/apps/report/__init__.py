"""One self-contained HTML file about one network and one or more answers: map, tables, delay distributions."""

from nettwin.apps.report.cases import Case
from nettwin.apps.report.report import render_report, write_report

__all__ = ["Case", "render_report", "write_report"]
