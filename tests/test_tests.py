"""The tests can fail: none ends early in silence, and none takes any failure for the right one."""

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.toolchain import verilator_environment

TESTS = Path(__file__).parent


def faults(source: str) -> Iterator[str]:
    """Yields what is wrong with the tests of a module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _is_test(node):
            for part in _own(node):
                if isinstance(part, ast.Return) and part.value is None:
                    yield f"{part.lineno}: {node.name} returns early; pytest.skip says so"
        elif isinstance(node, ast.Call) and _any_failure(node):
            yield f"{node.lineno}: any failure satisfies {ast.unparse(node)}; match its message"


def _is_test(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return node.name.startswith("test_") or any(
        ast.unparse(decorator).startswith("cocotb.test") for decorator in node.decorator_list)


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """Yields the nodes of a function, without those of functions in it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from _own(child)


def _any_failure(call: ast.Call) -> bool:
    broad = {"Exception", "BaseException", "AssertionError"}
    return (ast.unparse(call.func) == "pytest.raises" and bool(call.args)
            and ast.unparse(call.args[0]) in broad
            and not any(keyword.arg == "match" for keyword in call.keywords))


def test_no_test_passes_without_a_look():
    found = [f"{path.relative_to(TESTS)}:{fault}" for path in sorted(TESTS.rglob("*.py"))
             for fault in faults(path.read_text())]
    assert found == []


@pytest.mark.parametrize("source, fault", [
    ("def test_a(x):\n    if x:\n        return\n    assert x", "3: test_a returns early"),
    ("@cocotb.test()\nasync def a(dut):\n    return", "3: a returns early"),
    ("def test_a():\n    with pytest.raises(AssertionError):\n        f()", "2: any failure"),
])
def test_such_a_test_is_found(source, fault):
    assert [text[:len(fault)] for text in faults(source)] == [fault]


def test_a_helper_may_return_early():
    source = "def test_a():\n    def helper():\n        return\n    helper()\n    assert f()"
    assert list(faults(source)) == []


def test_benches_are_built_where_there_is_no_program_python(monkeypatch):
    """Verilator's makefiles call it. Debian has only ``python3``."""
    monkeypatch.setenv("PATH", "/usr/nothing")
    verilator_environment()
    assert shutil.which("python") is not None
