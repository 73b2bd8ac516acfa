"""``nettwin learn policy``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nettwin.cli.output import Destination, Result, emit

if TYPE_CHECKING:
    from rich.console import Console


def policy(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where policy, history and checkpoint go.", show_default=False)],
    *,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of weights, networks and moves.")] = 0,
    teaching_steps: Annotated[int, typer.Option("--teaching-steps", min=1, help="Steps of imitation of the teacher.")] = 900,
    reinforcement_rounds: Annotated[int, typer.Option("--reinforcement-rounds", min=0, help="Rounds of PPO after it.")] = 24,
    games: Annotated[int, typer.Option("--games", min=1, help="Networks that are steered side by side.")] = 24,
    destination: Destination,
) -> None:
    """Train the policy of `optimize --method reinforcement`. Interrupted, it goes on where it was; the policy is in DIR/policy."""
    from nettwin.cli.progress import progress
    from nettwin.optimize.reinforcement.train import TrainArgs, train

    args = TrainArgs(seed=seed, teaching_steps=teaching_steps, reinforcement_rounds=reinforcement_rounds, games=games)
    with progress(f"training a policy into {folder}") as share:
        train(args, folder, lambda done, _figures: share(done))
    emit(Result(lambda console: _render(console, folder), lambda: {"history": _frame(folder)}, lambda: _frame(folder)), destination)


def _frame(folder: Path) -> Any:
    import pandas as pd

    return pd.read_csv(folder / "history.csv").set_index("step")


def _render(console: "Console", folder: Path) -> None:
    from nettwin.cli.console import table
    from nettwin.optimize.reinforcement.weights import manifest_of

    kept = manifest_of(folder / "policy")
    rows = [(name.replace("_", " "), f"{value:.4f}") for name, value in kept["validation"].items()]
    title = f"{folder}/policy: best on the validation networks at step {kept['step']} ({kept['method']}); fall of the cost"
    console.print(table(title, ("", "logarithm"), rows))
