"""A coverage report in all its forms."""

from typing import TYPE_CHECKING

from rich.console import Console

from nettwin.cli.console import table
from nettwin.cli.output import Result

if TYPE_CHECKING:
    import pandas as pd

    from nettwin.formats import CoverageReport


def coverage_result(title: str, coverage: "CoverageReport") -> Result:
    """What became of everything in a file."""
    return Result(
        render=lambda console: render_coverage(console, title, coverage),
        document=lambda: {"source": title, "summary": coverage.summary(), "is_complete": coverage.is_complete, "entries": _frame(coverage)},
        table=lambda: _frame(coverage),
    )


def render_coverage(console: Console, title: str, coverage: "CoverageReport") -> None:
    """The worst first: what is not understood, what is left out, what is modelled."""
    order = {"unknown": 0, "ignored": 1, "modelled": 2}
    entries = sorted(coverage, key=lambda entry: order[entry.status])
    rows = [(entry.status, entry.item, entry.count, entry.place, entry.note) for entry in entries]
    console.print(table(title, ("", "item", "count", "first at", "note"), rows, right=(2,)))
    console.print(f"\n{coverage.summary()}", markup=False)


def _frame(coverage: "CoverageReport") -> "pd.DataFrame":
    import pandas as pd

    columns = ("status", "item", "count", "place", "note")
    rows = [(str(entry.status), entry.item, entry.count, entry.place, entry.note) for entry in coverage]
    return pd.DataFrame(rows, columns=list(columns)).set_index("status")
