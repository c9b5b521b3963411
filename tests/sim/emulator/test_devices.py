"""The emulator's UINTC and TAIC answer random operations as the RTL does."""

import os
import subprocess
from pathlib import Path

import pytest

from hdl.taic import Taic
from hdl.uintc import Uintc
from tests.sim.emulator.shapes import TAIC, UINTC
from tests.support.model import BUILD
from tests.support.run import run_cocotb

PROJECT = Path(__file__).resolve().parents[3]
EMULATOR = PROJECT / "sim" / "emulator"
OPERATIONS = 3000


@pytest.fixture(scope="module")
def replay() -> Path:
    """Builds the program that repeats a trace, and returns it."""
    target = PROJECT / "build" / "emulator" / "target"
    subprocess.run(["cargo", "build", "--quiet", "--release", "--locked", "--example", "replay",
                    "--target-dir", str(target)], cwd=EMULATOR, check=True)
    return target / "release" / "examples" / "replay"


def record(dut, device: str, shape: str) -> Path:
    """Runs random operations on the RTL, and returns their trace."""
    name = f"emulator_{device}_{shape}"
    trace = BUILD / f"{name}.trace"
    seed = os.environ.get("COCOTB_RANDOM_SEED")
    run_cocotb(dut, f"tests.sim.emulator.record_{device}", name, seed=int(seed) if seed else None,
               plusargs=[f"+shape={shape}", f"+operations={OPERATIONS}", f"+trace={trace}"])
    return trace


def repeat(replay: Path, trace: Path) -> subprocess.CompletedProcess:
    return subprocess.run([replay, trace], capture_output=True, text=True)


@pytest.mark.parametrize("shape", UINTC)
def test_uintc_answers_as_the_rtl(replay, shape):
    result = repeat(replay, record(Uintc(UINTC[shape]), "uintc", shape))
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("shape", TAIC)
def test_taic_answers_as_the_rtl(replay, shape):
    result = repeat(replay, record(Taic(TAIC[shape]), "taic", shape))
    assert result.returncode == 0, result.stdout + result.stderr
