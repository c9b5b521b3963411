"""Finds what decides the outcome of a Python module: its own source and those of its imports."""

import ast
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
ROOMS = ("hdl", "soc", "boards", "sim", "tests")
VARIABLE = re.compile(r"""environ(?:\.get\(|\[)\s*["'](\w+)["']""")
# The place and the calls of tools do not matter: the tools' versions are compared instead.
OF_TOOLS = {"PATH", "VERILATOR_ROOT", "CXX"}

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def closure(modules: list[str]) -> list[Path]:
    """Returns the files of ``modules`` and of all project modules that they import, even
    indirectly."""
    found: set[Path] = set()
    waiting = [file for name in modules for file in _files_of(name)]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += _imports(file)
    return sorted(found)


def contents(modules: list[str]) -> Iterator[str]:
    """Returns the code in the closure of ``modules``, and the environment variables that the code
    names. Comments, docstrings and layout do not count."""
    names: set[str] = set()
    for file in closure(modules):
        code, variables = _code(file)
        yield f"{file.relative_to(PROJECT)}: {code}"
        names |= variables
    names |= {name for name in os.environ if name.startswith("COCOTB_")}
    for name in sorted(names - OF_TOOLS):
        yield f"{name}={os.environ.get(name)}"


def code_of(text: str) -> str:
    """Returns what a module does: its syntax tree without docstrings, as text."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
    return ast.dump(tree)


@cache
def _code(file: Path) -> tuple[str, frozenset[str]]:
    text = file.read_text()
    return code_of(text), frozenset(VARIABLE.findall(text))


@cache
def _files_of(name: str) -> tuple[Path, ...]:
    """Returns the files of a module and of its packages; none for modules outside the project."""
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
