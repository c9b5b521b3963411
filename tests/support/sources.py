"""What decides the outcome of a Python module: its own source and those of what it imports."""

import ast
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
ROOMS = ("hdl", "soc", "boards", "sim", "tests")
VARIABLE = re.compile(r"""environ(?:\.get\(|\[)\s*["'](\w+)["']""")
# Where tools are and how they are called is no matter: their versions are looked at instead.
OF_TOOLS = {"PATH", "VERILATOR_ROOT", "CXX"}


def closure(modules: list[str]) -> list[Path]:
    """The files of the project that ``modules`` import, directly or not, and their own."""
    found: set[Path] = set()
    waiting = [file for name in modules for file in _files_of(name)]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += _imports(file)
    return sorted(found)


def contents(modules: list[str]) -> Iterator[str]:
    """The code in the closure of ``modules``, whose comments and layout do not count, and the
    environment variables that this code names."""
    names: set[str] = set()
    for file in closure(modules):
        code, variables = _code(file)
        yield f"{file.relative_to(PROJECT)}: {code}"
        names |= variables
    names |= {name for name in os.environ if name.startswith("COCOTB_")}
    for name in sorted(names - OF_TOOLS):
        yield f"{name}={os.environ.get(name)}"


@cache
def _code(file: Path) -> tuple[str, frozenset[str]]:
    text = file.read_text()
    return ast.dump(ast.parse(text)), frozenset(VARIABLE.findall(text))


@cache
def _files_of(name: str) -> tuple[Path, ...]:
    """The file of a module, and those of the packages that it is in; none outside the project."""
    parts = name.split(".")
    if parts[0] not in ROOMS:
        return ()
    files = [PROJECT.joinpath(*parts[:n], "__init__.py") for n in range(1, len(parts) + 1)]
    files.append(PROJECT.joinpath(*parts).with_suffix(".py"))
    return tuple(file for file in files if file.exists())


@cache
def _imports(file: Path) -> tuple[Path, ...]:
    package = file.relative_to(PROJECT).parent.parts
    names = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[:len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *(node.module or "").split(".")]).strip(".")
            names += [module, *(f"{module}.{alias.name}" for alias in node.names)]
    return tuple(found for name in names for found in _files_of(name))
