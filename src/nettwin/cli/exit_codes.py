"""What the command's exit code means; a script can rely on it."""

from enum import IntEnum

from nettwin.errors import NettwinError, NotConvergedError


class ExitCode(IntEnum):
    """Documented in ``nettwin --help`` and docs/cli.md."""

    OK = 0
    OBJECTIVE_VIOLATED = 1
    USAGE = 2
    BAD_INPUT = 3
    LOW_CONFIDENCE = 4
    BUG = 70  # EX_SOFTWARE of sysexits.h
    INTERRUPTED = 130  # 128 + SIGINT, as shells report it


EXIT_CODES_HELP = (
    "Exit codes: 0 ok · 1 an objective (--max-utilization, --max-delay, --max-loss) or a hard clause is violated · 2 wrong usage · "
    "3 bad input or an engine that cannot answer · 4 low confidence · 130 interrupted · 70 a bug in nettwin."
)


def exit_code_of(error: Exception) -> ExitCode:
    """The code of an error that ends the command."""
    if isinstance(error, NotConvergedError):
        return ExitCode.LOW_CONFIDENCE
    if isinstance(error, NettwinError | OSError):
        return ExitCode.BAD_INPUT
    return ExitCode.BUG
