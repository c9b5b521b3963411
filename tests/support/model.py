"""Verilator models for cocotb. Each model is built once and kept for all tests that use it."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

from tests.support.lock import locked
from tests.support.toolchain import verilator_environment, versions

BUILD = Path(__file__).resolve().parents[2] / "build" / "tests"
MODELS = BUILD / "models"
KEPT_MODELS = 300

VERILATOR_FLAGS = ["-O3", "--x-assign", "fast", "--x-initial", "fast", "-Wno-fatal"]
# A bench runs once and calls Python for each signal, so further optimisation costs more than it
# saves. Without the first setting, the compiler does not find the precompiled header.
MAKE_FLAGS = ["CFG_CXXFLAGS_PCH_I=-include", "OPT_FAST=-O1", "OPT_GLOBAL=-O1", "OPT_SLOW=-O0"]
# Verilator's runtime takes most of the compile time of a small model. It is the same for all.
RUNTIME = [f"verilated{part}.o" for part in ("", "_dpi", "_vpi", "_threads")]
EMPTY = "module empty(input wire clk); endmodule\n"


def model(text: str, top: str, *, waves: bool) -> Path:
    """Returns the folder with the model of the module ``top`` of ``text``. Builds a missing model.

    If several processes want the same model at the same time, one builds it and the others wait.
    """
    folder = MODELS / _key(text, top, waves)
    with locked(MODELS / "locks" / folder.name):
        if folder.exists():
            os.utime(folder)
        else:
            runtime = _runtime(waves)
            linked = r"\ ".join(str(runtime / name) for name in RUNTIME)
            with tempfile.TemporaryDirectory(dir=MODELS, prefix="partial-") as work:
                _build(Path(work), text, top, waves, ["VM_GLOBAL_FAST=", f"USER_LDLIBS={linked}"])
                _keep(Path(work), folder, [f"{top}.v", top])
            _prune()
    return folder


def _runtime(waves: bool) -> Path:
    """Returns the folder with the objects ``RUNTIME``."""
    folder = MODELS / f"runtime-{_key(EMPTY, 'empty', waves)}"
    with locked(MODELS / "locks" / folder.name):
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=MODELS, prefix="partial-") as work:
                _build(Path(work), EMPTY, "empty", waves, [])
                _keep(Path(work), folder, [path.name for path in Path(work).glob("verilated*.o")])
    return folder


def _key(text: str, top: str, waves: bool) -> str:
    parts = [text, top, repr(waves), versions(), *VERILATOR_FLAGS, *MAKE_FLAGS]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]


def _build(folder: Path, text: str, top: str, waves: bool, make_flags: Sequence[str]) -> None:
    from cocotb_tools.runner import get_runner

    verilator_environment()
    source = folder / f"{top}.v"
    source.write_text(text)
    # The runner calls make itself, so settings can reach make only through the environment.
    with patch.dict(os.environ, MAKEFLAGS=" ".join(["--", *MAKE_FLAGS, *make_flags])):
        get_runner("verilator").build(
            sources=[source], hdl_toplevel=top, build_dir=folder, waves=waves,
            build_args=VERILATOR_FLAGS, always=False)


def _keep(work: Path, folder: Path, names: Sequence[str]) -> None:
    """Makes ``folder`` from the files ``names`` of ``work``, complete as soon as it exists."""
    chosen = work / "kept"
    chosen.mkdir()
    for name in names:
        (work / name).rename(chosen / name)
    chosen.rename(folder)


def _prune() -> None:
    """Removes the least recently used models."""
    folders = [path for path in MODELS.iterdir()
               if not path.name.startswith(("partial-", "runtime-", "locks"))]
    folders.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for folder in folders[KEPT_MODELS:]:
        shutil.rmtree(folder, ignore_errors=True)
