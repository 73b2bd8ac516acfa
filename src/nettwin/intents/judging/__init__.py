"""Judging: which clauses of an intent hold, and who is responsible where they do not (intent assurance and compliance, RFC 9315)."""

from nettwin.intents.judging.case import Predict
from nettwin.intents.judging.judge import judge, judge_many, needs_performance
from nettwin.intents.judging.tolerance import within_tolerance

__all__ = ["Predict", "judge", "judge_many", "needs_performance", "within_tolerance"]
