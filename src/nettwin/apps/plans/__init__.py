"""A plan for people: what it changes, in words, as a document, as a picture."""

from nettwin.apps.plans.document import plan_document
from nettwin.apps.plans.picture import draw_plan
from nettwin.apps.plans.steps import Step, steps_of
from nettwin.apps.plans.words import in_words

__all__ = ["Step", "draw_plan", "in_words", "plan_document", "steps_of"]
