"""What comes out of a file."""

from dataclasses import dataclass

from nettwin.formats.coverage import CoverageReport
from nettwin.performance import Performance
from nettwin.scenario import Scenario


@dataclass(frozen=True, eq=False)
class Imported:
    """A scenario, what became of everything in its file, and the recorded answer where the file holds one."""

    scenario: Scenario
    coverage: CoverageReport
    performance: Performance | None = None
