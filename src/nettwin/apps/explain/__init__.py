"""Explanations: where a demand's delay and loss arise, who causes them, what would change them."""

from nettwin.apps.explain.explain import N_WORST, explain
from nettwin.apps.explain.explanation import Explanation
from nettwin.apps.explain.parts import DemandExplanation, Target

__all__ = ["N_WORST", "DemandExplanation", "Explanation", "Target", "explain"]
