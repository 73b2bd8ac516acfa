"""Where ns-3 is, and our program built against it."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path

from nettwin.errors import MissingDependencyError, PredictionError

VARIABLE = "NETTWIN_NS3"
"""Names a folder with ``include`` and ``lib`` (or ``lib64``) of an ns-3 that is nowhere usual."""
MODULES = ("core", "network", "stats", "point-to-point", "mpi", "bridge", "traffic-control", "internet")
"""Ours, and those that Debian's and the wheel's libraries of ours are linked with."""
SOURCE = Path(__file__).with_name("network.cc")
TRAFFIC = Path(__file__).with_name("traffic.h")
HINT = f"pip install ns3 (or apt install libns3-dev), or set {VARIABLE} to its folder"


@dataclass(frozen=True, slots=True)
class Ns3Installation:
    """Headers and libraries of one ns-3."""

    include: Path
    libraries: Path
    core: str
    """File name of the core library, as libns3.44-core.so; the other modules are called alike."""

    @property
    def version(self) -> str:
        return self.core.removeprefix("libns").partition("-")[0]

    def link_names(self, modules: Sequence[str] = MODULES) -> list[str]:
        """Names for the linker of those modules that are there."""
        files = [self.libraries / self.core.replace("core", module, 1) for module in modules]
        return [file.name.removeprefix("lib").removesuffix(".so") for file in files if file.is_file()]


def find_ns3() -> Ns3Installation:
    """The first ns-3 found: the named one, the Python wheel's, the system's. Raises MissingDependencyError."""
    for root in _roots():
        for include in (root / "include", *sorted((root / "include").glob("ns3*"), reverse=True)):
            core = next(_core_libraries(root), None) if (include / "ns3" / "core-module.h").is_file() else None
            if core:
                return Ns3Installation(include, core.parent, core.name)
    raise MissingDependencyError("ns-3 is not installed", where="engine 'ns3'", hint=HINT)


def find_compiler() -> str:
    """A C++ compiler. Raises MissingDependencyError."""
    for name in (os.environ.get("CXX", ""), "g++", "clang++"):
        if name and (path := shutil.which(name)):
            return path
    raise MissingDependencyError("there is no C++ compiler", where="engine 'ns3'", hint="apt install g++, or set CXX")


def program(installation: Ns3Installation, compiler: str, source: Path = SOURCE, modules: Sequence[str] = MODULES) -> Path:
    """A program of ours, built on first use (some ten seconds) and kept in the user's cache."""
    made_from = source.read_bytes() + TRAFFIC.read_bytes() + repr((installation, compiler)).encode()
    path = _cache() / f"ns3-{source.stem}-{blake2b(made_from, digest_size=8).hexdigest()}"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}")
        build(source, installation, compiler, unfinished, modules)
        unfinished.replace(path)  # at once, so that nobody runs half a program
    return path


def build(source: Path, installation: Ns3Installation, compiler: str, target: Path, modules: Sequence[str] = MODULES) -> None:
    """Compiles a program against ns-3. Raises PredictionError with what the compiler said."""
    libraries = str(installation.libraries)
    command = [compiler, "-O2", "-std=c++20", f"-I{installation.include}", f"-I{TRAFFIC.parent}", str(source), "-o", str(target)]
    command += [f"-L{libraries}", f"-Wl,-rpath,{libraries}", *(f"-l{name}" for name in installation.link_names(modules))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own source, no shell
    if done.returncode:
        raise PredictionError(f"the program cannot be built: {done.stderr[-800:]}", where="engine 'ns3'", hint=f"ns-3 at {libraries}")


def _roots() -> Iterator[Path]:
    if named := os.environ.get(VARIABLE):
        yield Path(named)
    spec = find_spec("ns3")
    yield from (Path(place) for place in (spec.submodule_search_locations or () if spec else ()))
    yield from (Path("/usr"), Path("/usr/local"))


def _core_libraries(root: Path) -> Iterator[Path]:
    for folder in (root / "lib64", root / "lib", *sorted((root / "lib").glob("*-linux-gnu"))):
        yield from sorted(folder.glob("libns3*-core.so"))


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "nettwin"
