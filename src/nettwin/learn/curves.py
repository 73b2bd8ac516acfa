"""A training to look at: errors on the validation networks, epoch by epoch."""

import csv
from pathlib import Path

_LINES = {
    "delay": "mean delay",
    "variation": "delay variation",
    "p90": "p90 of the delay",
    "ipdv": "IPDV",
    "prior_delay": "mean delay, theory alone",
}


def draw_history(folder: Path) -> Path:
    """Draws ``history.csv`` of a training as ``history.svg`` beside it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with (folder / "history.csv").open(newline="") as file:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for name, label in _LINES.items():
        style = "--" if name.startswith("prior") else "-"
        axes.plot([row["epoch"] for row in rows], [100 * row[name] for row in rows], style, label=label)
    best = min(rows, key=lambda row: row["overall"])
    axes.axvline(best["epoch"], color="grey", linewidth=0.8, label="kept")
    axes.set_xlabel("epoch")
    axes.set_ylabel("mean error on the validation networks, %")
    axes.set_ylim(0)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    path = folder / "history.svg"
    figure.savefig(path)
    return path
