"""``nettwin learn``: making, comparing, tuning and watching neural twins, and policies that optimize."""

from nettwin.cli.command_group import CommandGroup
from nettwin.cli.learn.calibrate import calibrate
from nettwin.cli.learn.compare import compare
from nettwin.cli.learn.drift import drift
from nettwin.cli.learn.finetune import finetune
from nettwin.cli.learn.make import make
from nettwin.cli.learn.policy import policy
from nettwin.cli.learn.show import show
from nettwin.cli.learn.train import train

LEARN = CommandGroup(
    "learn", "Make, compare, tune and watch neural twins; train policies.", (make, train, calibrate, compare, finetune, drift, show, policy)
)
