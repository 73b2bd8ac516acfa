"""Every hostile file ends in a clear InputError, within a second and 200 MB, whatever format reads it.

Time and memory are bounded by the operating system: each file is read in a forked process with RLIMIT_CPU and RLIMIT_AS.
"""

import os
import resource
import signal
import time
import traceback
import warnings
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest
from hostile_corpus import HOSTILE

from nettwin.errors import InputError, NettwinError
from nettwin.formats import read
from nettwin.formats.registry import FORMATS

MEMORY_BYTES = 200 * 2**20
HEAVY = {name for name in HOSTILE if name.startswith(("long-", "wide.", "brackets", "bomb", "many", "sparse"))}
"""Read once, by the format that takes them for its own."""

CPU_SECONDS = 2
"""One on a machine of its own; RLIMIT_CPU counts whole seconds, and a shared core counts stolen ones too."""


def in_a_process(action: Callable[[], str]) -> str:
    """What a forked process says, or how it died."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of threads, which the child does not use
        child = os.fork()
    if child == 0:
        os.close(reader)
        os.write(writer, action().encode("utf-8", "replace")[:8000])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        said = stream.read().decode("utf-8", "replace")
    _, status = os.waitpid(child, 0)
    return said if os.WIFEXITED(status) else f"killed by {signal.Signals(os.WTERMSIG(status)).name}"


def limited(action: Callable[[], object]) -> str:
    limit_memory()
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    return answer(action)


def limit_memory() -> None:
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY_BYTES, used + MEMORY_BYTES))


def answer(action: Callable[[], object]) -> str:
    try:
        action()
    except NettwinError as error:
        return f"{type(error).__name__}({'input' if isinstance(error, InputError) else 'other'}): {error}"
    except BaseException:
        return traceback.format_exc()
    return "accepted"


def wrongs(read_one: Callable[[Path], object], paths: list[Path]) -> str:
    """For a process of its own: what is wrong with the answers about many files, one after the other."""
    limit_memory()
    found = []
    for path in paths:
        start = time.process_time()
        said = answer(partial(read_one, path))
        is_slow = time.process_time() - start > CPU_SECONDS
        if is_slow or (said != "accepted" and "(input): " not in said.partition("\n")[0]):
            found.append(f"{path.name}: {'too slow, ' if is_slow else ''}{said}")
    return "\n".join(found) or "all clear"


@pytest.fixture(scope="module", autouse=True)
def everything_is_imported() -> None:
    """Importing costs more than reading and must not be counted."""
    import networkx  # noqa: F401
    import topohub  # noqa: F401

    for name in FORMATS:
        import_module(f"nettwin.formats.{name}")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("hostile")
    return {name: make(folder) for name, make in HOSTILE.items()}


@pytest.mark.parametrize("name", HOSTILE)
def test_reading_ends_in_a_clear_error(name: str, files: dict[str, Path]) -> None:
    said = in_a_process(lambda: limited(lambda: read(files[name])))
    assert "(input): " in said.partition("\n")[0], said
    assert "please report it" not in said, said  # the last net of the registry: no reader should need it
    assert len(said) < 1200, said


@pytest.mark.parametrize("format_name", FORMATS)
def test_no_format_raises_anything_else_on_files_of_others(format_name: str, files: dict[str, Path]) -> None:
    """Called directly, below the registry's net. What a format can make sense of, it may."""
    module = import_module(f"nettwin.formats.{format_name}")
    paths = [path for name, path in files.items() if name not in HEAVY]
    said = in_a_process(lambda: wrongs(module.read, paths))
    assert said == "all clear", said
