"""The analytic predictor: queueing theory, answers in milliseconds."""

from nettwin.predict.queueing.predictor import QueueingPredictor

__all__ = ["QueueingPredictor"]
