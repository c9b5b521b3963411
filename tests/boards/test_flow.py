"""A build ends with a bitstream, or with one line, a nonzero status and no bitstream."""

import functools
import json
import signal
import stat
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from amaranth import *
from amaranth.lib import io
from typer.testing import CliRunner

import sim.board.flow
import sim.cli.build
from boards.board import Pin
from boards.catalogue import BOARDS
from boards.top import Top
from sim import tools
from sim.board.flow import pack
from sim.cli import app, load_verbs
from sim.fpga.nextpnr import place
from sim.tools import BUILD

load_verbs(["build", "program"])

OLD = b"an earlier bitstream"


class Blinker(Elaboratable):
    """A small part of a board that is placed in seconds: its clock and a light."""

    def __init__(self, board, params):
        self.board, self.mhz = board, params.clock_hz // 1_000_000

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = ClockDomain(reset_less=True)
        m.submodules.clock = clock = self.board.clock(self.mhz)
        m.submodules.oscillator = oscillator = io.Buffer("i", platform.request("clk25", dir="-"))
        m.submodules.light = light = io.Buffer("o", platform.request("led", 0, dir="-"))
        count = Signal(24)
        m.d.sync += count.eq(count + 1)
        m.d.comb += [
            clock.reference.eq(oscillator.i),
            ClockSignal().eq(clock.clk),
            light.o.eq(count[-1]),
        ]
        return m


@pytest.fixture
def folder():
    """An empty folder of this test alone that the tools can see: they take no absolute paths."""
    parent = BUILD / "tests" / "board"
    parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=parent) as path:
        yield Path(path)


@pytest.fixture
def rel4(monkeypatch, folder):
    """``rel4 build`` of the blinker. A bitstream of an earlier build is already there."""
    monkeypatch.setattr(sim.board.flow, "Top", Blinker)
    monkeypatch.setattr(sim.cli.build, "boot_loader", lambda: b"loader")
    (folder / "ulx3s-85f.bit").write_bytes(OLD)
    return lambda *options: CliRunner().invoke(
        app, ["build", "ulx3s-85f", "-o", str(folder), *map(str, options)])


def failed(result, folder: Path, text: str, status: int = 1) -> None:
    """Checks for one error line with ``text`` and for no file like a bitstream."""
    lines = [line for line in result.stderr.splitlines() if line.startswith("rel4 build: ")]
    assert result.exit_code == status, result.output
    assert len(lines) == 1 and text in lines[0], result.stderr
    assert list(folder.glob("*.bit*")) == []


def script(path: Path, body: str) -> str:
    """Makes an executable that runs ``body`` in Python."""
    path.write_text(f"#!{sys.executable}\nimport os, sys\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_blinker_becomes_a_bitstream(rel4, folder):
    result = rel4("--clock", 40, "--json", folder / "report.json")
    assert result.exit_code == 0, result.output
    bitstream = (folder / "ulx3s-85f.bit").read_bytes()
    assert bitstream != OLD and b"LFE5U-85F" in bitstream[:200]
    assert list(folder.glob("*.partial")) == []
    report = json.loads((folder / "report.json").read_text())
    assert report["best_seed"] == 1
    (placement,) = report["placements"]  # this one meets timing, so there are no others
    (clock,) = placement["clocks"]
    assert clock["name"].endswith("clk")
    assert clock["constraint_mhz"] == pytest.approx(40, rel=1e-3)
    assert clock["achieved_mhz"] > 40
    fmax, luts, ffs, *_ = report["metrics"]
    assert (fmax["name"], fmax["unit"]) == ("board.fmax_mhz", "mhz")
    assert (ffs["name"], ffs["value"], ffs["params"]) == ("board.ffs", 24, {"module": ""})


def test_missed_clock_leaves_no_bitstream(rel4, folder, monkeypatch):
    class Slow(Blinker):
        def elaborate(self, platform):
            m = super().elaborate(platform)
            value = Signal(32, init=1)
            m.d.sync += value.eq(value * value + 1)
            m.submodules.second = light = io.Buffer("o", platform.request("led", 1, dir="-"))
            m.d.comb += light.o.eq(value[-1])
            return m

    monkeypatch.setattr(sim.board.flow, "Top", Slow)
    result = rel4("--clock", 200, "--seeds", 2, "--json", folder / "report.json")
    failed(result, folder, "MHz of 200.0 with the best of 2 seeds: no bitstream")
    report = json.loads((folder / "report.json").read_text())
    assert report["bitstream"] == ""
    reached = {p["seed"]: p["clocks"][0]["achieved_mhz"] for p in report["placements"]}
    assert list(reached) == [1, 2]
    assert reached[report["best_seed"]] == max(reached.values())


def test_second_seed_reaches_the_clock(rel4, folder, monkeypatch):
    """The first seed that meets timing gives the bitstream. No further seed is tried."""
    def place_slowly(*arguments, seed, **options):
        placement = place(*arguments, seed=seed, **options)
        missed = [replace(clock, achieved_mhz=0.99 * clock.constraint_mhz)
                  for clock in placement.clocks]
        return replace(placement, clocks=missed) if seed == 1 else placement

    monkeypatch.setattr(sim.board.flow, "place", place_slowly)
    result = rel4("--clock", 40, "--json", folder / "report.json")
    assert result.exit_code == 0, result.output
    report = json.loads((folder / "report.json").read_text())
    assert [p["seed"] for p in report["placements"]] == [1, 2]
    assert report["best_seed"] == 2
    chosen = folder / "chosen.bit"
    pack(folder / "routed-2.config", chosen)
    assert (folder / "ulx3s-85f.bit").read_bytes() == chosen.read_bytes()


def test_design_that_does_not_fit(rel4, folder, monkeypatch):
    class Large(Blinker):
        def elaborate(self, platform):
            m = super().elaborate(platform)
            value, sums = Signal(32, init=1), []
            for n in range(200):
                product = Signal(18, name=f"product{n}")
                m.d.sync += product.eq(value[:18] * (value >> 3)[:18] + n)
                value, sums = product, [*sums, product]
            m.submodules.second = light = io.Buffer("o", platform.request("led", 1, dir="-"))
            m.d.comb += light.o.eq(Cat(sums).xor())
            return m

    monkeypatch.setattr(sim.board.flow, "Top", Large)
    failed(rel4(), folder, "does not fit")


TOOLS = {"yosys": "Yosys", "nextpnr_ecp5": "nextpnr", "ecppack": "ecppack"}
WRITES_NETLIST = """
open("stat.json", "w").write('{"modules": {"top": {}}}')
open("top.json", "w").write('{"modules": {"top": {"cells": {}}}}')
"""
WRITES_PLACEMENT = """
import functools
import json
if "--pack-only" in sys.argv:
    sys.exit()
arguments = dict(zip(sys.argv, sys.argv[1:]))
step = {"delay": 1.0, "type": "logic", "from": {"cell": "a.b"}, "to": {"cell": "a.c"}}
json.dump({"fmax": {"clk": {"achieved": 50.0, "constraint": 40.0}}, "utilization": {},
           "critical_paths": [{"from": "posedge clk", "to": "posedge clk", "path": [step]}]},
          open(arguments["--report"], "w"))
open(arguments["--textcfg"], "w").write("routed")
"""
STANDS_STILL = """
while sys.argv[sys.argv.index("--placer") + 1] == "static" if "--placer" in sys.argv else False:
    print("Info: overlap: COMB=0.8%, FF=0.0%, RAM=25.0%, MUL=0.0%")
"""
WRITES_HALF = """
arguments = dict(zip(sys.argv, sys.argv[1:]))
open(arguments["--bit"], "wb").write(b"half of a bitstream")
"""


@pytest.fixture
def fake(monkeypatch, tmp_path):
    """Replaces all tools except one by scripts that finish at once."""
    def install(**bodies):
        default = {"yosys": WRITES_NETLIST, "nextpnr_ecp5": WRITES_PLACEMENT, "ecppack": ""}
        for tool, body in (default | bodies).items():
            path = script(tmp_path / tool, body)
            monkeypatch.setattr(tools, tool, lambda path=path: path)
    return install


FAILURES = {
    "ran out of memory": "print('ERROR: std::bad_alloc'); sys.exit(1)",
    "killed, as happens when memory runs out": "os.kill(os.getpid(), 9)",
    "ended by SIGSEGV": "os.kill(os.getpid(), 11)",
    "failed: something new": "print('ERROR: something new'); sys.exit(1)",
    "failed, see": "sys.exit(3)",
}


def test_placer_that_stands_still_is_replaced(rel4, folder, fake):
    fake(nextpnr_ecp5=STANDS_STILL + WRITES_PLACEMENT, ecppack=WRITES_HALF)
    rel4("--json", folder / "report.json")
    (placement,) = json.loads((folder / "report.json").read_text())["placements"]
    assert placement["placer"] == "heap"


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("text", FAILURES)
def test_tool_fails(rel4, folder, fake, tool, text):
    fake(**{tool: WRITES_HALF * (tool == "ecppack") + FAILURES[text]})
    failed(rel4(), folder, text)


def test_packer_that_writes_nothing(rel4, folder, fake):
    fake(ecppack="")
    failed(rel4(), folder, "ecppack failed, see")


@pytest.mark.parametrize("tool", TOOLS)
def test_tool_is_missing(rel4, folder, monkeypatch, tool):
    def missing():
        raise tools.ToolError(f"{tool} is missing: make setup")

    monkeypatch.setattr(tools, tool, missing)
    failed(rel4(), folder, f"{tool} is missing: make setup")


@pytest.mark.parametrize("tool", TOOLS)
def test_interrupt(rel4, folder, fake, request, tool):
    """Ctrl-C reaches all processes of the terminal."""
    # A background test run may ignore the signal.
    request.addfinalizer(functools.partial(
        signal.signal, signal.SIGINT, signal.signal(signal.SIGINT, signal.default_int_handler)))
    fake(**{tool: WRITES_HALF * (tool == "ecppack")
            + f"import signal; os.kill(os.getppid(), {signal.SIGINT}); os.kill(os.getpid(), 2)"})
    failed(rel4(), folder, "interrupted", 130)


@pytest.mark.parametrize("options, text", [
    (["--clock", "47"], "the PLL cannot make 47 MHz of 25 MHz"),
    (["--config", "huge"], "no configuration 'huge'"),
    (["--harts", "9"], "harts must be 1 to 4"),
])
def test_bad_arguments(rel4, folder, options, text):
    failed(rel4(*options), folder, text, 2)


def test_unknown_board():
    result = CliRunner().invoke(app, ["build", "nothing"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "there are ulx3s-85f" in result.stderr


@pytest.mark.parametrize("name", BOARDS)
def test_pins_exist_once(name):
    """Every pin of a board can be requested from its platform, and its clock can be made."""
    board = BOARDS[name]
    platform = board.platform()
    for pin in (board.oscillator, board.reset, Pin("uart"), *board.lights):
        platform.lookup(pin.resource, pin.number)
    assert platform.lookup(board.oscillator.resource).clock.frequency == (
        board.oscillator_mhz * 1e6)
    params = board.params(config="tiny", harts=1, clock_mhz=board.clock_mhz,
                          memory_bytes=board.memory_bytes, boot_loader=b"")
    assert Top(board, params).params.clock_hz == board.clock_mhz * 1_000_000
