"""``nettwin schema``."""

import json

from nettwin.cli.options import Output


def schema(output: Output = None) -> None:
    """Print the JSON Schema of nettwin YAML, for editors and other programs."""
    from nettwin.cli.output import write_text
    from nettwin.formats.yaml import scenario_schema

    write_text(json.dumps(scenario_schema(), indent=2) + "\n", output)
