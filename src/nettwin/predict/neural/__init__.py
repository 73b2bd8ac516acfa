"""The neural twin: a graph neural network that corrects queueing theory, and says how sure it is."""

from nettwin.predict.neural.predictor import NeuralPredictor

__all__ = ["NeuralPredictor"]
