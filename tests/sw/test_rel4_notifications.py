"""ReL4 without endpoints boots, and a root task's tests of it pass, on the emulator."""

import functools
import re

import pytest

from sim.emulator.run import EmulatorOptions, emulate
from sim.image.manifest import SOFTWARE
from sim.tools import BUILD
from soc.config import configuration

SOURCE = SOFTWARE / "checks" / "rel4" / "notifications" / "src" / "main.rs"


def names() -> list[str]:
    """The tests that the source lists, as the program prints them."""
    table = re.search(r"^const TESTS: &\[Test\] = &\[(.*?)\];$", SOURCE.read_text(),
                      re.MULTILINE | re.DOTALL)
    return re.findall(r'\(\s*"([^"]+)",', table[1])


@functools.cache
def lines(harts: int) -> list[str]:
    """What the program prints on a machine with so many harts."""
    image = BUILD / "sw" / "rel4-notifications.elf"
    assert image.exists(), f"{image} is not built: make sw"
    result = emulate(configuration("default", harts=harts), image,
                     EmulatorOptions(max_cycles=100_000_000))
    return [*result.output.decode().splitlines(), f"exit status {result.exit_status}"]


@pytest.mark.parametrize("harts", [1, 2])
@pytest.mark.parametrize("name", names())
def test_without_endpoints(name, harts):
    told = [line for line in lines(harts) if line in (f"pass {name}", f"FAIL {name}")]
    assert told == [f"pass {name}"], "\n".join(told or lines(harts)[-3:])


@pytest.mark.parametrize("harts", [1, 2])
def test_all_tests_ran(harts):
    assert lines(harts)[-2:] == [f"rel4-notifications: {len(names())} passed, 0 failed",
                                 "exit status 0"]
