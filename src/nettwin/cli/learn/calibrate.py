"""``nettwin learn calibrate``."""

from pathlib import Path
from typing import Annotated

import typer

from nettwin.cli.learn.show import result_of
from nettwin.cli.output import Destination, emit


def calibrate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the new version of the twin goes.", show_default=False)],
    datasets: Annotated[
        list[str], typer.Argument(metavar="DATASET...", help="Simulated or measured samples that trained nothing.", show_default=False)
    ],
    *,
    twin: Annotated[
        Path | None, typer.Option("--twin", metavar="DIR", help="The twin; that in DIR, if there is one, else ours.", show_default=False)
    ] = None,
    version: Annotated[str | None, typer.Option("--version", help="Name of the new version.", show_default=False)] = None,
    destination: Destination,
) -> None:
    """Measure anew how far a twin may be off: the same weights with other intervals. DIR may be the twin itself."""
    from nettwin.apps.evaluate import samples_of
    from nettwin.cli.progress import progress
    from nettwin.formats import shards
    from nettwin.learn.calibrate import CalibrationSet, recalibrated
    from nettwin.predict.neural.library import MANIFEST, SHIPPED, load_library

    sets = [
        CalibrationSet(Path(name).name, (sample.read() for sample in samples_of(name)), shards.read_manifest(Path(name)).get("args", {}))
        for name in datasets
    ]
    with progress(f"measuring errors on {len(sets)} data sets") as share:
        old = load_library(twin or (folder if (folder / MANIFEST).exists() else SHIPPED))
        library = recalibrated(old, folder, sets, version=version, progress=lambda done, total: share(done / total))
    emit(result_of(library.manifest, str(library.path)), destination)
