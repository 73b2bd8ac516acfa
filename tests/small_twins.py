"""Neural twins for tests: small, with weights that are random or zero, written where a test wants them."""

from pathlib import Path

import numpy as np
import torch

from nettwin.generate.scenarios import ScenarioSpace, random_scenario
from nettwin.predict.neural.batch import batch_of
from nettwin.predict.neural.calibration import Calibration
from nettwin.predict.neural.library import write_library
from nettwin.predict.neural.model import FeatureCounts, TwinModel
from nettwin.predict.neural.predictor import NeuralPredictor
from nettwin.predict.neural.prior import prior_of
from nettwin.predict.neural.shape import ModelShape
from nettwin.predict.neural.weights import save_model
from nettwin.scenario import Scenario

SHAPE = ModelShape(iterations=2, path_size=8, queue_size=8, link_size=8)


def drawn(seed: int, **space: object) -> Scenario:
    """A random scenario as in the training data."""
    return random_scenario(np.random.default_rng([seed, 99]), ScenarioSpace(**space))  # type: ignore[arg-type]


def model(seed: int, *, size: float = 0.5, shape: ModelShape = SHAPE) -> TwinModel:
    """A model with random weights of this size in its last layers; 0: it changes nothing."""
    torch.manual_seed(seed)
    made = TwinModel(shape, FeatureCounts.of(batch_of(prior_of(drawn(0)).graph)))
    with torch.no_grad():
        for head in (made.hop_out, made.demand_out[2], made.scale_out[2], made.queue_scale_out[2]):
            head.weight.normal_(0.0, size) if size else None
    return made.eval()


def twin(folder: Path, *, members: int = 2, size: float = 0.5) -> NeuralPredictor:
    """A predictor with random members."""
    files = []
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(members):
        files.append(folder / f"member-{number}.safetensors")
        save_model(model(number, size=size), files[-1], {})
    write_library(folder, files, Calibration.none(), {"version": "test"})
    return NeuralPredictor(str(folder))
