"""A training to look at: how far the policy lowers the cost of games that it was not trained on."""

import csv
import json
from pathlib import Path


def draw_history(folder: Path) -> Path:
    """Draws ``history.csv`` of a training as ``history.svg`` beside it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with (folder / "history.csv").open(newline="") as file:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for name, label in (("drop", "policy, whole game"), ("drop_in_10", "policy, ten moves"), ("greedy_drop", "greedy, whole game")):
        axes.plot([row["step"] for row in rows], [row[name] for row in rows], "--" if "greedy" in name else "-", label=label)
    axes.axvline(json.loads((folder / "args.json").read_text())["teaching_steps"], color="grey", linewidth=0.8, label="end of teaching")
    axes.set_xlabel("step of teaching, then round of reinforcement")
    axes.set_ylabel("fall of the cost (logarithm of the utilization)")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    path = folder / "history.svg"
    figure.savefig(path)
    return path
