"""``nettwin dataset build``."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nettwin.cli.dataset.ranges import parse_range, parse_whole_range
from nettwin.cli.output import Destination, Result, emit
from nettwin.cli.quantities import parse_count, parse_ratio

if TYPE_CHECKING:
    from rich.console import Console

    from nettwin.generate.scenarios import ScenarioSpace


@dataclass(frozen=True, slots=True)
class Space:
    """What random scenarios are drawn from."""

    nodes: Annotated[str, typer.Option("--nodes", metavar="LOW-HIGH", help="Nodes of a network.")] = "3-10"
    max_load: Annotated[str, typer.Option("--max-load", metavar="LOW-HIGH", help="Offered load of the busiest link.")] = "0.1-1.5"
    max_demands: Annotated[int, typer.Option("--max-demands", min=1, help="Demands of a network, at most.")] = 1000
    trouble_share: Annotated[
        float,
        typer.Option("--trouble-share", metavar="SHARE", parser=parse_ratio, help="Share with failures, mistakes, floods."),
    ] = 0.25

    def drawn_from(self) -> "ScenarioSpace":
        """Raises ScenarioError where there is no such network."""
        from nettwin.generate.scenarios import ScenarioSpace

        nodes, max_load = parse_whole_range(self.nodes), parse_range(self.max_load)
        return ScenarioSpace(nodes=nodes, max_load=max_load, max_demands=self.max_demands, trouble_share=self.trouble_share)


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is simulated, and how the work is cut."""

    hops: Annotated[float, typer.Option("--hops", metavar="N", parser=parse_count, help="Packet-hops simulated per sample ...")] = 5e6
    hops_per_demand: Annotated[
        float, typer.Option("--hops-per-demand", metavar="N", parser=parse_count, help="... and as many more per demand.")
    ] = 40e3
    shard_size: Annotated[int, typer.Option("--shard-size", min=1, help="Samples per file: what an interruption loses.")] = 40


def build(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the data set is, or will be.", show_default=False)],
    *,
    samples: Annotated[int, typer.Option("--samples", min=1, help="How many; more than there are extend a data set.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Equal seeds give equal samples.")] = 0,
    space: Space,
    effort: Effort,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Samples simulated at the same time.")] = 1,
    destination: Destination,
) -> None:
    """Simulate random networks into a data set; what is there already is kept, so it can be interrupted and extended."""
    from nettwin.cli.progress import progress
    from nettwin.learn.dataset import DatasetArgs, build_dataset

    args = DatasetArgs(
        samples=samples,
        seed=seed,
        space=space.drawn_from(),
        hops=effort.hops,
        hops_per_demand=effort.hops_per_demand,
        shard_size=effort.shard_size,
    )
    with progress(f"simulating {samples} networks into {folder}") as share:
        manifest = build_dataset(folder, args, jobs=jobs, progress=lambda done, total: share(done / total))
    emit(Result(lambda console: render_manifest(console, folder, manifest), lambda: manifest, lambda: _frame(manifest)), destination)


def render_manifest(console: "Console", folder: Path, manifest: dict[str, Any]) -> None:
    """How a data set was made, and how exact it is."""
    from nettwin.cli.console import table

    console.print(table(f"Data set {folder}", ("", ""), list(_lines(manifest).items()), right=()))


def _lines(manifest: dict[str, Any]) -> dict[str, str]:
    args = manifest.get("args", {})
    lines = {"made by": f"{manifest.get('made_by', '?')}, engine {manifest.get('engine', '?')}"} if args else {}
    space = {f"space: {name.replace('_', ' ')}": _text(value) for name, value in args.get("space", {}).items()}
    lines |= {name.replace("_", " "): _text(value) for name, value in args.items() if name != "space"} | space
    if noise := manifest.get("label_noise"):
        mean, p90 = noise["delay_relative_standard_error"], noise["p90_over_samples"]
        lines["label noise"] = f"mean delays {mean:.2%} (relative standard error, mean over samples; 90 % of samples below {p90:.2%})"
    for entry in manifest.get("measured", []):
        lines[f"measured, shard {entry['first_shard']}"] = f"{entry['samples']} samples from {entry['source'] or 'elsewhere'}"
    return lines


def _text(value: Any) -> str:
    return " to ".join(f"{end:g}" for end in value) if isinstance(value, list) else f"{value:g}"


def _frame(manifest: dict[str, Any]) -> Any:
    import pandas as pd

    return pd.DataFrame(_lines(manifest).items(), columns=["name", "value"]).set_index("name")
