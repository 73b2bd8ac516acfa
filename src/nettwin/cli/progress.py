"""A sign of life on standard error for whatever takes more than a second."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_PATIENCE_S = 1.0
_REFRESH_S = 0.2


class Share:
    """How much is done, 0 to 1; call it with a new share. Unknown until then."""

    def __init__(self) -> None:
        self.value: float | None = None

    def __call__(self, share: float) -> None:
        self.value = share

    def __str__(self) -> str:
        return "" if self.value is None else f" {self.value:.0%}"


@contextmanager
def progress(what: str) -> Iterator[Share]:
    """While the block runs longer than a second: a spinner on a terminal, one line elsewhere. The block may tell its share."""
    stop, share = threading.Event(), Share()
    watcher = threading.Thread(target=_watch, args=(what, share, stop), daemon=True)
    watcher.start()
    try:
        yield share
    finally:
        stop.set()
        watcher.join()


def _watch(what: str, share: Share, stop: threading.Event) -> None:
    if stop.wait(_PATIENCE_S):
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, highlight=False)
    if not sys.stderr.isatty():
        console.print(Text(f"nettwin: {what} ..."), soft_wrap=True)
        return
    with console.status(Text(f"{what} ...")) as status:
        while not stop.wait(_REFRESH_S):
            status.update(Text(f"{what} ...{share}"))
