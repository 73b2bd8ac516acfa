"""``nettwin dataset``: training data for learned engines."""

from nettwin.cli.command_group import CommandGroup
from nettwin.cli.dataset.append import append
from nettwin.cli.dataset.build import build
from nettwin.cli.dataset.show import show

DATASET = CommandGroup("dataset", "Training data: simulate random networks, add measured ones, see what is there.", (build, show, append))
