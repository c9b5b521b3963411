"""CoreMark and Dhrystone. They are built with the distribution's GCC and run bare on the RTL."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hdl.peripheral.finisher import Kind
from soc.config import DRAM_BASE, configuration
from soc.memory_map import device

from .riscv_tests import COMPILER, SuiteError

PORT = Path(__file__).parent / "port"
TARGET = ("-march=rv64imac", "-misa-spec=2.2", "-mabi=lp64", "-mcmodel=medany")
COREMARK_FLAGS = {
    "O2": ("-O2",),
    "O2-unsigned": ("-O2", "-DEE_U32_UNSIGNED"),
    "O3": ("-O3", "-mtune=sifive-7-series", "-funroll-all-loops", "-finline-functions",
           "--param=max-inline-insns-auto=200"),
    "O3-unsigned": ("-O3", "-DEE_U32_UNSIGNED"),
}
DHRYSTONE_FLAGS = ("-O3", "-mtune=sifive-7-series", "-fno-inline", "-fno-common",
                   "-fno-builtin-printf", "-Wno-implicit-int",
                   "-Wno-implicit-function-declaration")


@dataclass(frozen=True)
class Score:
    name: str
    per_mhz: float  # CoreMark/MHz or DMIPS/MHz
    cycles: int  # of one iteration or run
    flags: str


def _compile(image: Path, sources: Sequence[Path], flags: Sequence[str]) -> None:
    compiler = shutil.which(COMPILER)
    if compiler is None:
        raise SuiteError(f"{COMPILER} is not installed (apt-get install gcc-riscv64-unknown-elf "
                         "picolibc-riscv64-unknown-elf)")
    image.parent.mkdir(parents=True, exist_ok=True)
    params = configuration("default")
    command = [
        compiler, "--specs=picolibc.specs", *TARGET, *flags, "-nostartfiles", "-static",
        f"-DSOC_UART_BASE={device(params, 'uart0').base:#x}",
        f"-DSOC_FINISHER_BASE={device(params, 'finisher').base:#x}",
        f"-DFINISHER_PASS={Kind.PASS.value:#x}", f"-DFINISHER_FAIL={Kind.FAIL.value:#x}",
        f"-Wl,--defsym=DRAM_BASE={DRAM_BASE:#x}",
        f"-I{PORT}", f"-T{PORT / 'benchmark.ld'}", str(PORT / "start.S"), str(PORT / "console.c"),
        *map(str, sources), "-o", str(image),
    ]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        raise SuiteError(f"{image.name} does not build: {result.stderr.strip().splitlines()[0]}")


def build_coremark(checkout: Path, folder: Path, level: str, iterations: int) -> Path:
    """Runs CoreMark at optimisation ``level`` (a key of COREMARK_FLAGS)."""
    if not (checkout / "core_main.c").is_file():
        raise SuiteError(f"{checkout}: not a checkout of CoreMark (no core_main.c)")
    flags = COREMARK_FLAGS[level]
    image = folder / f"coremark-{level}-{iterations}.elf"
    sources = [checkout / f"core_{part}.c"
               for part in ("main", "list_join", "matrix", "state", "util")]
    _compile(image, [*sources, PORT / "core_portme.c"],
             [*flags, f"-I{checkout}", f"-DITERATIONS={iterations}",
              f'-DFLAGS_STR="{" ".join(flags)}"'])
    return image


def read_coremark(output: str, flags: str) -> Score:
    """Reads the score from CoreMark's output. Raises SuiteError unless CoreMark validated its
    results."""
    if "Correct operation validated" not in output:
        raise SuiteError("CoreMark did not validate its results")
    ticks = int(re.search(r"Total ticks\s*:\s*(\d+)", output)[1])
    iterations = int(re.search(r"Iterations\s*:\s*(\d+)", output)[1])
    return Score("coremark", iterations * 1e6 / ticks, ticks // iterations, flags)


def build_dhrystone(checkout: Path, folder: Path) -> Path:
    """Runs Dhrystone 2.2 of riscv-tests."""
    source = checkout / "benchmarks" / "dhrystone"
    if not (source / "dhrystone_main.c").is_file():
        raise SuiteError(f"{checkout}: not a checkout of riscv-tests (no benchmarks/dhrystone)")
    image = folder / "dhrystone.elf"
    _compile(image, [source / "dhrystone.c", source / "dhrystone_main.c", PORT / "string.c"],
             [*DHRYSTONE_FLAGS, f"-I{source}"])
    return image


def read_dhrystone(output: str) -> Score:
    """Computes DMIPS/MHz from the cycle count; 1757 Dhrystones a second are one DMIPS. Raises
    SuiteError if a final value is wrong."""
    for name, value, expected in re.findall(
            r"^ *(\S+): +(.+?)\r?\n +should be: +(.+?)\r?$", output, re.MULTILINE):
        if expected.startswith("("):
            continue
        if expected == "Number_Of_Runs + 10":
            expected = str(_runs(output) + 10)
        if value.strip() != expected.strip():
            raise SuiteError(f"Dhrystone: {name} is {value}, should be {expected}")
    cycles = int(re.search(r"Cycles: (\d+)", output)[1])
    runs = _runs(output)
    return Score("dhrystone", runs * 1e6 / cycles / 1757, cycles // runs,
                 " ".join(DHRYSTONE_FLAGS))


def _runs(output: str) -> int:
    return int(re.findall(r"Trying (\d+) runs", output)[-1])
