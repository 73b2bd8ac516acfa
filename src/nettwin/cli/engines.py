"""``nettwin engines``."""

from typing import TYPE_CHECKING, Any

from nettwin.cli.output import Destination, Result, emit

if TYPE_CHECKING:
    import pandas as pd


def engines(destination: Destination) -> None:
    """List the engines, their options, and whether they can be used here."""
    from nettwin.cli.console import table
    from nettwin.predict.registry import names

    known = [_describe(name) for name in names()]
    rows = [(engine["name"], engine["status"], engine["description"], _options_text(engine["options"])) for engine in known]
    result = Result(
        render=lambda console: console.print(table("Engines", ("name", "here", "what it is", "options"), rows, right=())),
        document=lambda: {"engines": known},
        table=lambda: _frame(known),
    )
    emit(result, destination)


def _describe(name: str) -> dict[str, Any]:
    from nettwin.predict import registry

    try:
        options = registry.options_of(name)
        engine = registry.create(name)
    except Exception as error:  # somebody else's engine may be broken in any way; the list must still be complete
        return {"name": name, "status": "no", "is_usable": False, "description": str(error), "options": {}}
    description = (type(engine).__doc__ or "").strip().split("\n")[0]
    return {"name": name, "status": "yes", "is_usable": True, "description": description, "options": _shown(options)}


def _shown(options: dict[str, Any]) -> dict[str, Any]:
    """Options with defaults that one can type; the others are for Python."""
    return {key: value for key, value in options.items() if isinstance(value, bool | int | float | str | None) and key != "progress"}


def _options_text(options: dict[str, Any]) -> str:
    return ", ".join(key if value is None else f"{key}={value}" for key, value in options.items())


def _frame(known: list[dict[str, Any]]) -> "pd.DataFrame":
    import pandas as pd

    rows = [{**engine, "options": _options_text(engine["options"])} for engine in known]
    return pd.DataFrame(rows).set_index("name")
