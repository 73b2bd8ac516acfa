"""The packet simulator as a predictor."""

from nettwin.predict.simulator.predictor import SimulatorPredictor

__all__ = ["SimulatorPredictor"]
