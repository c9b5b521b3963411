"""Each test of the root task ``rel4test`` passes on ReL4, on the emulator."""

import functools
import re

import pytest

from sim.emulator.run import EmulatorOptions, emulate
from sim.image.manifest import SOFTWARE
from sim.tools import BUILD
from soc.config import configuration

SOURCES = SOFTWARE / "checks" / "rel4" / "root" / "src"


def names() -> list[str]:
    """The tests that the sources list, as the program prints them."""
    groups = re.findall(r'\("(\w+)", (\w+)::TESTS\)', (SOURCES / "main.rs").read_text())
    found = []
    for group, module in groups:
        source = (SOURCES / f"{module}.rs").read_text()
        table = re.search(r"^pub const TESTS: &\[Test\] =\s*&\[(.*?)\];$", source,
                          re.MULTILINE | re.DOTALL)
        found += [f"{group}: {name}" for name in re.findall(r'\(\s*"([^"]+)",', table[1])]
    return found


@functools.cache
def lines(harts: int, name: str = "rel4test") -> list[str]:
    """What the program prints on a machine with so many harts."""
    image = BUILD / "sw" / f"{name}.elf"
    assert image.exists(), f"{image} is not built: make sw"
    result = emulate(configuration("default", harts=harts), image,
                     EmulatorOptions(max_cycles=8_000_000_000))
    return [*result.output.decode().splitlines(), f"exit status {result.exit_status}"]


@pytest.mark.parametrize("harts", [1, 2, 4])
@pytest.mark.parametrize("name", names())
def test_rel4(name, harts):
    told = [line for line in lines(harts) if line.startswith((f"pass {name}", f"FAIL {name}"))]
    assert told == [f"pass {name}"], "\n".join(told or lines(harts)[-3:])


@pytest.mark.parametrize("harts", [1, 2, 4])
def test_rel4test_ends_with_success(harts):
    assert lines(harts)[-2:] == [f"rel4test: {len(names())} passed, 0 failed", "exit status 0"]


@pytest.mark.parametrize("harts", [2])
def test_rel4_holds_its_invariants(harts):
    """The kernel checks itself after each entry, and panics if something does not hold."""
    told = lines(harts, "rel4test-checked")
    assert told[-2:] == [f"rel4test: {len(names())} passed, 0 failed", "exit status 0"]
