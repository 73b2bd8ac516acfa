"""``nettwin intent``: what is wanted of a network."""

from nettwin.cli.command_group import CommandGroup
from nettwin.cli.intent.check import check
from nettwin.cli.intent.schema import schema

INTENT = CommandGroup("intent", "What is wanted of a network: hold a scenario against it, or print its JSON Schema.", (check, schema))
