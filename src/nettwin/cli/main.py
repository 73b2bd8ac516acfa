"""The entry point: run a command, and turn every error into one clear line and an exit code."""

import os
import sys
from collections.abc import Sequence

from nettwin.cli.app import app
from nettwin.cli.exit_codes import ExitCode, exit_code_of
from nettwin.errors import NettwinError

DEBUG = "--debug"


def main() -> None:
    """The command ``nettwin``."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    is_debug = DEBUG in arguments
    try:
        return _run([argument for argument in arguments if argument != DEBUG])
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except Exception as error:
        if is_debug:
            _print_traceback()
        print(_line(error), file=sys.stderr)  # noqa: T201
        return exit_code_of(error)
    finally:
        _flush()


def _run(arguments: list[str]) -> int:
    try:
        app(args=arguments, prog_name="nettwin")
    except SystemExit as end:
        return ExitCode.OK if _reader_has_gone(end) else int(end.code or 0)
    return ExitCode.OK


def _reader_has_gone(end: SystemExit) -> bool:
    """Typer and Rich leave with a bare 1 when the pipe they write help to is closed; our own exits are ExitCodes."""
    return end.code == 1 and not isinstance(end.code, ExitCode)


def _line(error: Exception) -> str:
    if isinstance(error, NettwinError):
        return f"nettwin: {error}"
    if isinstance(error, OSError):
        return f"nettwin: {error.filename or 'input or output'}: {error.strerror or error}"
    return f"nettwin: internal error, {type(error).__name__}: {error} (a bug; {DEBUG} shows where)"


def _print_traceback() -> None:
    import traceback

    traceback.print_exc()


def _flush() -> None:
    """Whoever reads our output may have gone (``| head``): that is not an error."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
