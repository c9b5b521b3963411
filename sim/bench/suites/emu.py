"""The emulator's speed on CoreMark, beside Spike where the package ``spike`` is installed."""

import resource
import shutil
import statistics
import subprocess
import sysconfig
from pathlib import Path

from sim.bench.metric import Metric
from sim.bench.suite import Suite
from sim.bench.target import BenchError, CannotRun, Simulated, Target
from sim.conformance.benchmarks import build_coremark, read_coremark
from sim.conformance.riscv_tests import SuiteError
from sim.emulator.build import build_emulator
from sim.emulator.run import emulate
from sim.tools import BUILD
from soc.config import configuration

ITERATIONS = 1000  # about 300 million instructions
REPETITIONS = 5
LEVEL = "O2"


def run(target: Target) -> list[Metric]:
    if not isinstance(target, Simulated) or target.coremark is None:
        raise CannotRun("emu needs a checkout of CoreMark: rel4 bench emu --coremark DIR")
    try:
        image = build_coremark(target.coremark, BUILD / "benchmarks", LEVEL, ITERATIONS)
    except SuiteError as error:
        raise BenchError(str(error)) from None
    build_emulator()  # not part of the first sample
    samples, instructions = [], 0
    for _ in range(REPETITIONS):
        instructions, seconds = emulator_run(image)
        samples.append(instructions / seconds / 1e6)
    metrics = [mips(samples, "emulator")]
    if spike := spike_program():
        samples = [instructions / spike_seconds(spike, image, instructions) / 1e6
                   for _ in range(REPETITIONS)]
        metrics += [mips(samples, "spike")]
    return metrics


def mips(samples: list[float], machine: str) -> Metric:
    """The worst sample is the least one."""
    return Metric("emu.mips", statistics.median(samples), min(samples), len(samples), "mips",
                  {"program": "coremark", "machine": machine})


def emulator_run(image: Path) -> tuple[int, float]:
    """Returns instructions, and seconds of processor time, of a run on one hart."""
    before = children_seconds()
    result = emulate(configuration("default", harts=1), image)
    seconds = children_seconds() - before
    if not result.passed:
        raise BenchError(f"{image.name} did not pass: {result.errors.splitlines()[0]}")
    try:
        read_coremark(result.output.decode(errors="replace"), LEVEL)
    except SuiteError as error:
        raise BenchError(str(error)) from None
    return result.report["instructions"], seconds


def children_seconds() -> float:
    """Processor time of the programs that this process has run. Other load of the machine hardly
    changes it."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def spike_program() -> str | None:
    """The program of the package ``spike``, or another Spike on the path."""
    packaged = Path(sysconfig.get_paths()["scripts"]) / "spike"
    return str(packaged) if packaged.exists() else shutil.which("spike")


def spike_seconds(spike: str, image: Path, instructions: int) -> float:
    """Processor time in which Spike executes that many instructions. The image ends with them:
    Spike has no test finisher."""
    before = children_seconds()
    done = subprocess.run([spike, "--isa=rv64imac_zicsr_zifencei_zicntr", "-p1", "-m128",
                           f"--instructions={instructions}", str(image)],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=600)
    if b"Correct operation validated" not in done.stdout:
        raise BenchError(f"{Path(spike).name} did not run {image.name}")
    return children_seconds() - before


SUITE = Suite("emu", "instructions a second on the emulator (needs --coremark DIR)", run)
