"""A training's state, kept as safetensors: nothing that runs when it is read."""

from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from nettwin.predict.neural.model import TwinModel

FILE = "checkpoint.safetensors"


@dataclass
class Checkpoint:
    """What changes from epoch to epoch, besides the model's own weights."""

    optimizer: torch.optim.Adam
    mean: dict[str, Tensor]
    """Running average of the weights."""
    epoch: int = 0
    best: float = float("inf")
    steps: int = 0
    _copy: list[TwinModel] = field(default_factory=list, repr=False)

    def average(self, model: TwinModel, decay: float) -> None:
        """Take the model's weights into the average; the first ones weigh less."""
        self.steps += 1
        keep = min(decay, (1 + self.steps) / (10 + self.steps))
        with torch.no_grad():
            values = model.state_dict()
            torch._foreach_lerp_([self.mean[name] for name in values], list(values.values()), 1 - keep)  # one launch on a GPU

    def averaged(self, model: TwinModel) -> TwinModel:
        """A model with the averaged weights."""
        if not self._copy:
            self._copy.append(deepcopy(model))
        self._copy[0].load_state_dict(self.mean)
        return self._copy[0]


def load_checkpoint(folder: Path, model: TwinModel, learning_rate: float) -> Checkpoint:
    """The state that a folder holds, put into the model; a fresh one if it holds none."""
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    run = Checkpoint(optimizer, {name: value.clone() for name, value in model.state_dict().items()})
    path = folder / FILE
    if not path.exists():
        return run
    kept = load_file(path)
    model.load_state_dict({name.removeprefix("model."): value for name, value in kept.items() if name.startswith("model.")})
    run.mean = {name: kept[f"mean.{name}"].to(value.device) for name, value in run.mean.items()}
    run.epoch, run.steps, run.best = (kept[f"run.{name}"].item() for name in ("epoch", "steps", "best"))  # type: ignore[assignment]
    run.epoch, run.steps = int(run.epoch), int(run.steps)
    for name, parameter in model.named_parameters():
        state = {key: kept[f"adam.{key}.{name}"] for key in ("step", "exp_avg", "exp_avg_sq") if f"adam.{key}.{name}" in kept}
        if state:  # steps are counted on the CPU
            optimizer.state[parameter] = {key: value if key == "step" else value.to(parameter.device) for key, value in state.items()}
    return run


def save_checkpoint(folder: Path, model: TwinModel, run: Checkpoint) -> None:
    """Writes beside, then renames: an interruption leaves the last complete state."""
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    tensors |= {f"mean.{name}": value for name, value in run.mean.items()}
    tensors |= {f"run.{name}": torch.tensor(float(getattr(run, name)), dtype=torch.float64) for name in ("epoch", "steps", "best")}
    for name, parameter in model.named_parameters():
        tensors |= {f"adam.{key}.{name}": value for key, value in run.optimizer.state.get(parameter, {}).items()}
    unfinished = folder / f"{FILE}.unfinished"
    save_file({name: value.contiguous().clone() for name, value in tensors.items()}, unfinished)
    unfinished.rename(folder / FILE)
