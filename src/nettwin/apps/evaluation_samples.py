"""The simulations of a data set, whatever its format, and the rates that an engine is fed."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from nettwin.errors import InputError
from nettwin.formats import datanet, recorded, shards, testbed
from nettwin.formats.imported import Imported
from nettwin.performance import Performance
from nettwin.performance.realised_rates import with_realised_rates
from nettwin.scenario import Scenario


class Rates(StrEnum):
    """Which rates of the demands an engine is told."""

    NOMINAL = "nominal"
    """Those that the sources were configured with: all that is known of a network that does not exist yet."""
    MEASURED = "measured"
    """Those of the run that was recorded."""


class Sample(Protocol):
    """A scenario with its recorded performance, not yet read. It can be sent to another process."""

    @property
    def source(self) -> str:
        """What it is called."""
        ...

    def read(self) -> Imported: ...


def samples_of(dataset: str | Path) -> Iterator[Sample]:
    """The simulations of a datanet archive or folder, of shards, or of a folder of samples; ``archive#3`` is one of them."""
    text = str(dataset)
    path, mark, index = text.rpartition("#")
    if mark and index.isdigit() and not Path(text).exists():
        return iter([_numbered(Path(path), int(index))])
    return iter(_all(Path(text)))


def read_recorded(sample: Sample) -> tuple[Scenario, Performance]:
    """Scenario and recorded performance. Raises InputError where nothing was recorded."""
    imported = sample.read()
    if imported.performance is None:
        raise InputError("nothing was recorded", where=sample.source, hint="there must be a performance beside the scenario")
    return imported.scenario, imported.performance


def told(scenario: Scenario, performance: Performance, rates: Rates) -> Scenario:
    """What an engine is told of a recorded scenario."""
    return scenario if rates is Rates.NOMINAL else with_realised_rates(scenario, performance)


def _numbered(path: Path, index: int) -> Sample:
    if path.suffix == shards.SUFFIX:
        return shards.ShardSample(path, index)
    if path.name.endswith(testbed.EXTENSIONS):
        return testbed.Experiment(path, index)
    return datanet.Simulation(path, index)


def _all(path: Path) -> Iterable[Sample]:
    if shards.is_shards(path):
        return shards.samples(path)
    if recorded.is_dataset(path):
        return recorded.samples(path)
    if path.exists() and testbed.is_collection(path):
        return testbed.experiments(path)
    return datanet.simulations(path)
