"""The emulator's UINTC and TAIC answer random operations as the RTL does.

The RTL runs first and leaves a trace, ``build/tests/emulator_*.trace``. Then
``sim/emulator/examples/replay.rs`` repeats the operations on the models and compares every value
read, every fault and every line.
"""

import asyncio
import os
import random
import subprocess
from pathlib import Path

import pytest

from hdl.taic import Taic
from hdl.uintc import Uintc
from sim.emulator.build import BUILT, CRATE, cargo_environment
from soc.config import SocParams
from soc.generate import generate
from tests.sim.emulator.model_recorder import ModelRecorder
from tests.sim.emulator.shapes import TAIC, UINTC
from tests.sim.emulator.taic_traffic import Traffic
from tests.support.lock import locked
from tests.support.model import BUILD
from tests.support.run import DEFAULT_SEED, run_cocotb

OPERATIONS = 3000
SEEDS = 3


@pytest.fixture(scope="module")
def replay() -> Path:
    """Builds the program that repeats a trace, and returns it."""
    target, constants = BUILT / "target", BUILT / "replay-soc.rs"
    BUILT.mkdir(parents=True, exist_ok=True)
    with locked(BUILT / "replay-lock"):
        text = generate("rust", SocParams())
        if not constants.exists() or constants.read_text() != text:
            constants.write_text(text)
        # The profile of cargo's tests, so that the dependencies are built once.
        subprocess.run(["cargo", "build", "--quiet", "--locked", "--example", "replay",
                        "--target-dir", str(target)], cwd=CRATE, check=True,
                       env=cargo_environment() | {"SOC_RS": str(constants)})
    return target / "debug" / "examples" / "replay"


def repeat(replay: Path, trace: Path) -> subprocess.CompletedProcess:
    return subprocess.run([replay, trace], capture_output=True, text=True)


def compare(replay: Path, dut, device: str, shape: str) -> None:
    """Runs random operations on the RTL and repeats them on the model."""
    name = f"emulator_{device}_{shape}"
    trace = BUILD / f"{name}.trace"
    seed = int(os.environ.get("COCOTB_RANDOM_SEED", DEFAULT_SEED))
    run_cocotb(dut, f"tests.sim.emulator.record_{device}", name, seed=seed,
               plusargs=[f"+shape={shape}", f"+operations={OPERATIONS}", f"+trace={trace}"])
    result = repeat(replay, trace)
    assert result.returncode == 0, f"seed {seed}\n{result.stdout}{result.stderr}"


@pytest.mark.parametrize("shape", UINTC)
def test_uintc_answers_as_the_rtl(replay, shape):
    compare(replay, Uintc(UINTC[shape]), "uintc", shape)


@pytest.mark.parametrize("shape", TAIC)
def test_taic_answers_as_the_rtl(replay, shape):
    compare(replay, Taic(TAIC[shape]), "taic", shape)


@pytest.mark.parametrize("crowded", [False, True])
@pytest.mark.parametrize("shape", TAIC)
def test_taic_answers_as_the_golden_model(replay, tmp_path, shape, crowded):
    """Also where wakes wait for places, as the RTL does by ``device_full``."""
    first = int(os.environ.get("COCOTB_RANDOM_SEED", DEFAULT_SEED))
    waited = 0
    for seed in range(first, first + SEEDS):
        recorder = ModelRecorder(TAIC[shape])
        traffic = Traffic(recorder, TAIC[shape], random.Random(seed), crowded=crowded)

        async def operations(traffic=traffic):
            await traffic.everything()
            await traffic.corners()
            await traffic.run(OPERATIONS // SEEDS)

        asyncio.run(operations())
        recorder.save(trace := tmp_path / f"{seed}.trace")
        result = repeat(replay, trace)
        assert result.returncode == 0, f"seed {seed}\n{result.stdout}{result.stderr}"
        waited = max(waited, recorder.waited)
    assert waited or not crowded


GOOD = ["uintc receivers=2 harts=1", "write 0 8 8 1", "write 0 0 8 3f", "lines 1 0",
        "read 0 10 8 8000000000000000", "lines 0 0", "read 0 14 4 fault", "read 0 4000 8 100000203"]


@pytest.mark.parametrize(("line", "wrong", "model"), [
    (3, "lines 0 0", "1 0"), (4, "read 0 10 8 0", "8000000000000000"),
    (6, "read 0 14 4 0", "fault"), (7, "read 0 4000 8 fault", "100000203"),
])
def test_a_wrong_answer_is_found(replay, tmp_path, line, wrong, model):
    trace = tmp_path / "trace"
    trace.write_text("\n".join(GOOD))
    assert repeat(replay, trace).stdout == f"{trace}: 5 answers agree\n"
    trace.write_text("\n".join([*GOOD[:line], wrong, *GOOD[line + 1:]]))
    result = repeat(replay, trace)
    assert result.returncode == 1
    assert result.stdout.endswith(f"{trace}:{line + 1}: the model gives {model}\n")


@pytest.mark.parametrize(("text", "problem"), [
    ("", "names no device"), ("plic harts=2", "names no device"),
    ("uintc receivers=2", "names no device"),
    (GOOD[0] + "\nread 0", "line 2: no operation: read 0"),
    (GOOD[0] + "\ndevice 1", "line 2: no operation: device 1"),
])
def test_a_bad_trace_is_refused(replay, tmp_path, text, problem):
    trace = tmp_path / "trace"
    trace.write_text(text)
    result = repeat(replay, trace)
    assert (result.returncode, result.stderr) == (2, f"replay: {trace}: {problem}\n")
