"""riscv-tests: builds the programs that apply to an RV64IMAC hart, and runs each on the RTL or on
the emulator."""

import concurrent.futures
import hashlib
import itertools
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sim.emulator.run import EmulatorOptions, emulate
from sim.model.run_options import Latency, RunOptions
from sim.model.simulate import simulate
from soc.config import SocParams

SUITES = ("rv64ui", "rv64um", "rv64ua", "rv64uc", "rv64mi", "rv64si")
COMPILER = "riscv64-unknown-elf-gcc"
# The programs of environment v contain floating-point code. It runs only if misa.F is set.
FLAGS = ("-march=rv64g", "-mabi=lp64", "-static", "-mcmodel=medany", "-fvisibility=hidden",
         "-nostdlib", "-nostartfiles")


class SuiteError(Exception):
    """The suite cannot be used. The message is one line that says why."""


@dataclass(frozen=True)
class Program:
    name: str  # name in the suite: rv64ui-p-add
    source: Path
    environment: str  # "p" or "v"


@dataclass(frozen=True)
class Outcome:
    program: Program
    passed: bool
    detail: str  # empty for a pass


def programs(checkout: Path, pattern: str = "") -> list[Program]:
    """Reads the programs of the suites above from their Makefrag files. ``pattern`` is a regular
    expression on the name."""
    if not (checkout / "isa" / "Makefile").is_file():
        raise SuiteError(f"{checkout}: not a checkout of riscv-tests (no isa/Makefile)")
    if not (checkout / "env" / "p" / "link.ld").is_file():
        raise SuiteError(f"{checkout}: its submodule env is empty (git submodule update --init)")
    return [program for suite in SUITES for program in _of_suite(checkout, suite)
            if re.search(pattern, program.name)]


def _of_suite(checkout: Path, suite: str) -> Iterator[Program]:
    folder = checkout / "isa" / suite
    text = (folder / "Makefrag").read_text().replace("\\\n", " ")
    names = [name for line in re.findall(rf"{suite}_sc_tests\s*=(.*)", text)
             for name in line.split()]
    environments = ["p"] + (["v"] if f"{suite}_v_tests" in text or suite[4] == "u" else [])
    for environment in environments:
        for name in names:
            yield Program(f"{suite}-{environment}-{name}", folder / f"{name}.S", environment)


def build(checkout: Path, program: Program, folder: Path) -> Path:
    """Compiles one program into ``folder`` unless it is already there. Returns the ELF file."""
    compiler = shutil.which(COMPILER)
    if compiler is None:
        raise SuiteError(f"{COMPILER} is not installed (apt-get install gcc-riscv64-unknown-elf)")
    image = folder / program.name
    if image.exists():
        return image
    folder.mkdir(parents=True, exist_ok=True)
    environment = checkout / "env" / program.environment
    command = [compiler, *FLAGS, f"-I{environment}", f"-I{checkout}/isa/macros/scalar",
               f"-T{environment}/link.ld"]
    if program.environment == "v":
        # Code before data in memory: a seed for the page allocator, fixed for each program.
        seed = int(hashlib.md5(program.name.encode()).hexdigest()[:7], 16)
        command += ["-isystem", "/usr/lib/picolibc/riscv64-unknown-elf/include",
                    f"-DENTROPY={seed:#x}", "-std=gnu99", "-O2", str(environment / "entry.S"),
                    *map(str, sorted(environment.glob("*.c")))]
    partial = image.with_suffix(".partial")
    result = subprocess.run([*command, str(program.source), "-o", str(partial)],
                            capture_output=True, text=True)
    if result.returncode:
        raise SuiteError(f"{program.name} does not build: {result.stderr.strip().splitlines()[0]}")
    partial.rename(image)
    return image


def run(checkout: Path, folder: Path, *, params: SocParams, latency: Latency,
        pattern: str = "", jobs: int = 2, max_cycles: int = 4_000_000, emulator: bool = False,
        report: Callable[[Outcome], None] = lambda outcome: None) -> list[Outcome]:
    """Runs every program with tohost, on the RTL or on the emulator, which has no latency. Calls
    ``report`` with each result."""
    chosen = programs(checkout, pattern)
    if not chosen:
        raise SuiteError(f"no program of the suite matches {pattern!r}")
    images = {program: build(checkout, program, folder) for program in chosen}
    options = RunOptions(max_cycles=max_cycles, latency=latency, tohost=True)

    def simulate_one(program: Program) -> Outcome:
        if emulator:
            result = emulate(params, images[program],
                             EmulatorOptions(max_cycles=max_cycles, tohost=True))
        else:
            result = simulate(params, images[program], options)
        detail = "" if result.passed else (result.errors.strip().splitlines() or ["no message"])[0]
        return Outcome(program, result.passed, detail)

    outcomes = []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        # The first run is alone because it builds the model, or the emulator.
        first = simulate_one(chosen[0])
        for outcome in itertools.chain([first], pool.map(simulate_one, chosen[1:])):
            report(outcome)
            outcomes.append(outcome)
    return outcomes
