"""``nettwin learn make``."""

from pathlib import Path
from typing import Annotated

import typer

from nettwin.cli.learn.show import result_of
from nettwin.cli.output import Destination, emit


def make(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE", help="smoke (2 minutes), laptop (about 2 hours on 2 cores) or full (a GPU).")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where data, trainings and the twin go.", show_default=False)],
    *,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Simulations at the same time.")] = 1,
    device: Annotated[str, typer.Option("--device", help="Where the network is trained: cpu, cuda.")] = "cpu",
    destination: Destination,
) -> None:
    """Make a twin from nothing: simulate, train, calibrate, draw. Interrupted, it goes on where it was; the twin is in DIR/twin."""
    from nettwin.apps.evaluate import evaluate
    from nettwin.apps.evaluation_plots import write_plots
    from nettwin.apps.evaluation_samples import Rates
    from nettwin.cli.progress import progress
    from nettwin.learn import recipes
    from nettwin.predict.neural import NeuralPredictor

    with progress(f"making a twin by the recipe {recipe} in {folder}") as share:
        library = recipes.make(recipes.recipe(recipe), folder, jobs=jobs, device=device, progress=lambda _step, done: share(done))
    with progress("measuring it on the validation networks"):
        evaluation = evaluate(folder / "validation-0", NeuralPredictor(str(library.path)), rates=Rates.MEASURED)
        write_plots(evaluation, folder / "plots", "svg")
    emit(result_of(library.manifest, str(library.path)), destination)
