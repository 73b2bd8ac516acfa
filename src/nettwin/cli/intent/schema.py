"""``nettwin intent schema``."""

import json

from nettwin.cli.options import Output


def schema(output: Output = None) -> None:
    """Print the JSON Schema of intents, for editors and other programs."""
    from nettwin.cli.output import write_text
    from nettwin.intents.language.vocabulary import intent_schema

    write_text(json.dumps(intent_schema(), indent=2) + "\n", output)
