"""Compiles a model: Verilog to C++ with Verilator, then C++ and harness to an executable."""

import os
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sim import tools
from sim.model.memories import memories_header
from sim.tools import ToolError

HARNESS = Path(__file__).parent / "harness"

VERILATOR_FLAGS = [
    "--cc", "--prefix", "Vmodel", "--top-module", "top", "-O3", "--x-assign", "fast",
    "--x-initial", "fast", "--noassert", "--no-timing", "-Wno-fatal", "-Wno-lint", "-Wno-style",
    "--output-split", "40000",
]
# The compiler's guesses of branch probabilities are wrong for conditions in hardware. Without them
# a model compiled by GCC runs a fifth faster.
CXX_FLAGS = [
    "-std=gnu++20", "-march=native", "-fno-plt", "-w", "-fno-guess-branch-probability",
]
# Flags for code that runs every cycle in a fast model, for the same in a model that shows
# something, and for code that runs once.
FAST, SHOWING, ONCE = "-O2", "-O1", "-O0"


def flags(*, trace: bool, fast: bool) -> str:
    """Everything that decides how a model is compiled, for its cache key."""
    _, root = tools.verilator()
    return shlex.join([tools.cxx(), str(root), *VERILATOR_FLAGS, *CXX_FLAGS, _level(fast), ONCE,
                       str(trace)])


def _level(fast: bool) -> str:
    return FAST if fast else SHOWING


def compile_model(folder: Path, *, harts: int, trace: bool, fast: bool) -> None:
    """Makes ``folder/model`` from ``folder/top.v`` and ``folder/model.h``.

    ``fast`` makes the model somewhat faster for half a minute more of compilation.
    """
    log = folder / "build.log"
    command, root = tools.verilator()
    tracing = ["--trace-fst"] if trace else []
    with log.open("w") as output:
        _run([*command, *VERILATOR_FLAGS, *tracing, "--Mdir", "verilated", "top.v"], folder,
             output, {"VERILATOR_ROOT": str(root)})
        (folder / "memories.h").write_text(memories_header(folder / "verilated", harts))
        include = root / "include"
        sources = sorted((folder / "verilated").glob("*.cpp")) + [include / "verilated.cpp"]
        sources += [include / "verilated_threads.cpp", HARNESS / "main.cpp"]
        if trace:
            sources += [include / "verilated_fst_c.cpp"]
        common = [
            tools.cxx(), *CXX_FLAGS, "-I.", "-Iverilated", f"-I{include}",
            f"-I{include / 'vltstd'}", f"-I{HARNESS}", f"-I{tools.capstone() / 'include'}",
            "-DVERILATOR=1", "-DVM_COVERAGE=0", "-DVM_SC=0", "-DVM_TIMING=0",
            f"-DVM_TRACE={int(trace)}", f"-DVM_TRACE_FST={int(trace)}", "-DVM_TRACE_VCD=0",
            "-DVM_TRACE_SAIF=0",
        ]

        def compile_one(source: Path) -> str:
            target = f"{source.stem}.o"
            level = ONCE if "__Slow" in source.stem else _level(fast)
            _run([*common, level, "-c", str(source), "-o", target], folder, output)
            return target

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            objects = list(pool.map(compile_one, sources))
        libraries = ["-llz4", "-lz"] if trace else []
        _run([tools.cxx(), *objects, "-o", "model", "-ldl", "-pthread", *libraries],
             folder, output)
        for name in objects:
            (folder / name).unlink()


def _run(command: list[str], folder: Path, output, environment: dict[str, str] | None = None):
    output.write(f"$ {shlex.join(command)}\n")
    output.flush()
    done = subprocess.run(command, cwd=folder, stdout=output, stderr=output,
                          stdin=subprocess.DEVNULL, env=os.environ | (environment or {}))
    if done.returncode:
        raise ToolError(f"{Path(command[0]).name} failed while the simulator was built, "
                        f"see {folder / 'build.log'}")
