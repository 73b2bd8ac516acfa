"""A search as it goes: objective, bound and gap on standard error; Ctrl-C ends it with the best plan so far."""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING, Any

from nettwin.cli.console import note
from nettwin.performance.quantities import UNKNOWN, seconds

if TYPE_CHECKING:
    from nettwin.optimize.budget import Progress

_REFRESH_S = 0.2
_LINE_S = 5.0
"""Where no terminal is watched, a line now and then."""


@contextmanager
def interruptible() -> Iterator[Event]:
    """The first Ctrl-C sets the event, the second raises KeyboardInterrupt."""
    interrupt = Event()
    if threading.current_thread() is not threading.main_thread():  # signals reach only the main thread
        yield interrupt
        return

    def stop(_signal: int, _frame: FrameType | None) -> None:
        if interrupt.is_set():
            raise KeyboardInterrupt
        interrupt.set()
        note("nettwin: stopping with the best plan so far; once more to abort")

    earlier = signal.signal(signal.SIGINT, stop)
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, earlier)


@contextmanager
def search_progress(shown: Callable[[float], str]) -> Iterator[Callable[["Progress"], None]]:
    """Shows what it is told of a search; ``shown`` writes a value of the objective."""
    if not sys.stderr.isatty():
        yield _Lines(shown)
        return
    from rich.console import Console
    from rich.live import Live

    with Live(console=Console(stderr=True, highlight=False), auto_refresh=False, transient=True) as live:
        yield _Panel(live, shown)


def line_of(progress: "Progress", shown: Callable[[float], str]) -> str:
    """``local-search: 3.2 s, 12,000 evaluations, objective 91.3 %, bound 90.0 %, gap 1.4 %``."""
    bound = UNKNOWN if progress.bound is None else shown(progress.bound)
    gap = "" if not progress.bound else f", gap {progress.objective / progress.bound - 1:.2%}"
    counted = f"{seconds(progress.seconds)}, {progress.evaluations:,} evaluations"
    return f"{progress.method}: {counted}, objective {shown(progress.objective)}, bound {bound}{gap}"


class _Lines:
    """For logs: a line every few seconds."""

    def __init__(self, shown: Callable[[float], str]) -> None:
        self._shown = shown
        self._next = time.monotonic() + 1.0

    def __call__(self, progress: "Progress") -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _LINE_S
            note(f"nettwin: {line_of(progress, self._shown)}")


class _Panel:
    """For terminals: one line that changes."""

    def __init__(self, live: Any, shown: Callable[[float], str]) -> None:
        self._live, self._shown = live, shown
        self._next = 0.0

    def __call__(self, progress: "Progress") -> None:
        from rich.text import Text

        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _REFRESH_S
            self._live.update(Text(line_of(progress, self._shown)), refresh=True)
