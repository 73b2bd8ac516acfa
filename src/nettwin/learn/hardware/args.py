"""Everything that a training of the hardware model depends on."""

from dataclasses import dataclass, field

from nettwin.errors import InputError
from nettwin.learn.hardware.bursts import BurstPrior
from nettwin.learn.hardware.model import HardwareShape


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareArgs:
    """The arguments, in the form of ``args.json``."""

    train: tuple[str, ...]
    """Files of recordings."""
    members: int = 2
    """Models of the ensemble; their distributions are averaged."""
    epochs: int = 20
    batch_size: int = 16
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    held_out: float = 0.1
    """Share of the experiments that chooses the epoch and trains nothing."""
    seed: int = 0
    threads: int = 1
    prior: BurstPrior = field(default_factory=BurstPrior)
    shape: HardwareShape = field(default_factory=HardwareShape)

    def __post_init__(self) -> None:
        if not self.train or self.members < 1 or self.epochs < 1 or not 0 < self.held_out < 1:
            raise InputError(f"{self}", where="hardware training", hint="give files, one member and one epoch or more, 0 < held_out < 1")
