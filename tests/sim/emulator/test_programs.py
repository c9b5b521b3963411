"""The programs of the workspace end on the emulator as on the RTL."""

import re

import pytest
from elftools.elf.elffile import ELFFile

from sim.bench.metric import parse_metrics
from sim.emulator.run import EmulatorOptions, emulate
from sim.image.manifest import SOFTWARE
from sim.model.simulate import Result
from sim.ordering import contention, litmus
from sim.ordering.machine import Machine
from sim.ordering.rvwmo import Model
from sim.tools import BUILD
from soc.config import configuration
from tests.sw.test_programs import (
    MESSAGE_METRICS,
    TAIC_METRICS,
    UINTR_METRICS,
    expected_output,
    names_of,
)

KERNEL_METRICS = {
    "kernel.null_syscall", "kernel.yield", "kernel.signal waiter=none", "kernel.poll",
    "kernel.page_map", "kernel.page_unmap",
    *(f"kernel.{name} path={path} words={words}" for name in ("call", "reply")
      for path, words in (("fast", 0), ("fast", 4), ("slow", 10))),
}
MAX_CYCLES = 500_000_000


def run(program: str, config: str = "default", *, harts: int = 2, **changes) -> Result:
    image = BUILD / "sw" / f"{program}.elf"
    assert image.exists(), f"{image} is not built: make sw"
    params = configuration(config, harts=harts)
    options = EmulatorOptions(max_cycles=MAX_CYCLES, **changes)
    return emulate(params, image, options)


def output_of(program: str, **arguments) -> str:
    result = run(program, **arguments)
    output = result.output.decode()
    assert result.passed, output + result.errors
    return output


@pytest.mark.parametrize("harts", [1, 2, 4])
def test_hello_goes_to_user_mode_and_interrupts_itself(harts):
    expected = expected_output("hello").replace("of 2", f"of {harts}")
    assert output_of("hello", harts=harts) == expected


@pytest.mark.parametrize(("image", "output"), [
    ("template-rust", "Hello from Rust.\n"), ("template-c", "Hello from C.\n"),
])
def test_templates_say_hello(image, output):
    assert output_of(image) == output


def test_rel4_has_no_segments_but_those_to_load():
    """seL4's elfloader takes every segment for a part of the kernel."""
    with (BUILD / "sw" / "kernel.elf").open("rb") as file:
        assert {segment["p_type"] for segment in ELFFile(file).iter_segments()} == {"PT_LOAD"}


@pytest.mark.parametrize("harts", [1, 4])
def test_rel4_starts_its_root_task(harts):
    source = (SOFTWARE / "examples" / "root-task" / "src" / "main.rs").read_text()
    block = re.search(r"^//! ```text\n(.*?)^//! ```$", source, re.MULTILINE | re.DOTALL)
    expected = "".join(line.removeprefix("//! ") for line in block[1].splitlines(keepends=True))
    assert output_of("rel4-hello", harts=harts).endswith(expected)


def test_firmware_alone_says_that_it_has_no_payload():
    result = run("firmware")
    assert result.exit_status == 1
    assert result.output.decode() == "rel4 firmware: the image has no payload\n"
    assert result.report["exit_code"] == 1
    assert "rel4 emu: failed with code 1 in cycle" in result.errors
    assert "hart 1: " in result.errors


def test_firmware_serves_supervisor_mode():
    assert output_of("sbitest") == expected_output("sbitest").replace(
        "of n", "of 2").replace(": n harts", ": 2 harts")


@pytest.mark.parametrize("quantum", [1, 200])
@pytest.mark.parametrize("config", ["tiny", "default", "full"])
def test_selftest_passes(config, quantum):
    lines = output_of("selftest", config=config, quantum=quantum).splitlines()
    assert [line for line in lines[:-1] if not line.startswith("ok ")] == []
    assert re.fullmatch(r"selftest: \d+ passed, 0 failed, 0 skipped", lines[-1])
    assert len(lines) > 100


@pytest.mark.parametrize("program", ["uintr-hostile", "taic-hostile"])
def test_hostile_program_gets_nothing_that_it_was_not_given(program):
    assert output_of(program) == expected_output(program).replace("of n", "of 2")


@pytest.mark.parametrize(("program", "metrics"), [
    ("message", MESSAGE_METRICS), ("uintr", UINTR_METRICS), ("taic", TAIC_METRICS),
    ("bench-kernel", KERNEL_METRICS),
])
def test_experiments_run_to_their_ends(program, metrics):
    output = output_of(program)
    assert sorted(names_of(parse_metrics(output.splitlines()))) == sorted(metrics)


def test_four_harts_use_the_taic_at_once():
    assert parse_metrics(output_of("taic-contention", harts=4).splitlines())


class EmulatedMachine(Machine):
    """The emulator in the place of the RTL."""

    def ask(self, program, request, max_cycles):
        options = EmulatorOptions(max_cycles=MAX_CYCLES, quantum=7)
        result = emulate(self.params, self.images / f"{program}.elf", options,
                         stdin=f"{request}\n".encode())
        assert result.passed, result.errors
        yield from map(str.split, result.output.decode().splitlines())


@pytest.mark.tier("test")
@pytest.mark.parametrize("harts", [2, 4])
def test_harts_are_sequentially_consistent(harts):
    machine = EmulatedMachine(configuration("default", harts=harts))
    chosen = litmus.tests(machine, "")
    overlapping = 0
    for result in litmus.run(machine, chosen, iterations=100, seed=1):
        assert sum(result.counts.values()) == result.iterations
        assert result.seen(Model.RVWMO, Model.TSO, None) == {}, result.test.name
        overlapping += len(result.counts) > 1
    assert overlapping > len(chosen) / 2


def test_no_count_is_lost():
    machine = EmulatedMachine(configuration("default", harts=2))
    contests = list(contention.run(machine, cycles=5000, seed=1))
    assert contests
    assert [contest for contest in contests if contest.lost] == []


def test_input_reaches_the_program():
    """The program ``litmus`` reads its request from the UART."""
    machine = EmulatedMachine(configuration("default"))
    assert litmus.tests(machine, "")
