"""Over any line, either the right image starts or an error is reported."""

import os
import random

import pytest

from sim.board.frame import Frame, FrameReader, Kind
from sim.board.loader import Loader, Patience, program_for
from sim.board.serial_line import LineError
from sim.model.elf import BadImage
from soc.config import DRAM_BASE
from tests.boards.line_model import TargetLine
from tests.support.elf import Part, elf64

MEMORY = 1 << 20
SEED = int(os.environ.get("COCOTB_RANDOM_SEED", "1"))
PATIENCE = Patience(seconds=20)  # no byte is lost; only a very busy machine needs the time
NOISY_PATIENCE = Patience(seconds=0.05)


@pytest.fixture
def image(tmp_path):
    """Makes an image of two segments with gaps after them that must be cleared. Returns it and the
    memory that it must produce."""
    rng = random.Random(SEED)
    code, data = rng.randbytes(9000), rng.randbytes(5001)
    (tmp_path / "image.elf").write_bytes(elf64([
        Part(code, DRAM_BASE), Part(data, DRAM_BASE + 0x8000, 40000)]))
    return tmp_path / "image.elf", {0: code, 0x8000: data + bytes(40000 - len(data))}


def load(line, path, patience=PATIENCE) -> bytes:
    loader = Loader(line, patience)
    info = loader.hello()
    loader.load(program_for(info, path), info)
    loader.run()
    return loader.behind


def held(memory: bytes, wanted: dict[int, bytes]) -> bool:
    return all(memory[offset:offset + len(data)] == data for offset, data in wanted.items())


def test_image_starts_over_a_sound_line(image, tmp_path):
    line = TargetLine(tmp_path / "memory", base=DRAM_BASE, memory_bytes=MEMORY,
                      rng=random.Random(SEED))
    output = load(line, image[0])
    while not output.endswith(b"\n"):
        output += line.read(1)
    line.close()
    assert output == b"started\n"
    memory = (tmp_path / "memory").read_bytes()
    assert held(memory, image[1])
    assert memory[9000:0x8000] == b"\xa5" * (0x8000 - 9000)


@pytest.mark.parametrize("rarity", [100_000, 10_000, 3000, 1000, 300])
def test_right_image_or_an_error_over_a_noisy_line(image, tmp_path, rarity):
    rng = random.Random(SEED + rarity)
    started = 0
    for attempt in range(8):
        dump = tmp_path / f"memory{attempt}"
        line = TargetLine(dump, base=DRAM_BASE, memory_bytes=MEMORY, rng=rng, rarity=rarity)
        try:
            load(line, image[0], NOISY_PATIENCE)
            error = None
        except LineError as raised:
            error = raised
        finally:
            line.close()
        print(f"rarity {rarity}: {line.down.damaged} and {line.up.damaged} damaged, {error}")
        if error is None:
            started += 1
            assert dump.exists()
        # The image is right even if only the answer to the start was lost.
        assert not dump.exists() or held(dump.read_bytes(), image[1])
    if rarity >= 3000:
        assert started


def test_silent_line_is_reported():
    class Silence:
        def read(self, seconds):
            return b""

        def write(self, data):
            pass

    with pytest.raises(LineError, match="no answer to hello in 3 attempts"):
        Loader(Silence(), Patience(seconds=0.001, attempts=3)).hello()


def test_a_second_host_finds_a_loader_that_the_first_left(image, tmp_path):
    line = TargetLine(tmp_path / "memory", base=DRAM_BASE, memory_bytes=MEMORY,
                      rng=random.Random(SEED))
    line.write(Frame(Kind.WRITE, 9, bytes(500)).encode()[:300])
    load(line, image[0])
    line.close()
    assert held((tmp_path / "memory").read_bytes(), image[1])


def test_memory_that_forgets_is_reported(image, tmp_path):
    line = TargetLine(tmp_path / "memory", base=DRAM_BASE, memory_bytes=MEMORY,
                      rng=random.Random(SEED))
    loader = Loader(line, PATIENCE)
    info = loader.hello()
    check = loader._check

    def spoil_and_check(region):
        loader._ask(Kind.CLEAR, (DRAM_BASE + 0x8000).to_bytes(8, "little") + bytes([1] + 7 * [0]))
        check(region)

    loader._check = spoil_and_check
    with pytest.raises(LineError, match="0x80008000 does not hold what was written"):
        loader.load(program_for(info, image[0]), info)
    line.close()


@pytest.mark.parametrize("parts, entry, text", [
    ([Part(bytes(64), DRAM_BASE, MEMORY + 1)], DRAM_BASE, "lies outside DRAM"),
    ([Part(bytes(64), DRAM_BASE)], DRAM_BASE + 8, "is not the start of the memory"),
])
def test_image_that_cannot_run_is_refused(tmp_path, parts, entry, text):
    (tmp_path / "image.elf").write_bytes(elf64(parts, entry=entry))
    line = TargetLine(tmp_path / "memory", base=DRAM_BASE, memory_bytes=MEMORY,
                      rng=random.Random(SEED))
    with pytest.raises(BadImage, match=text):
        program_for(Loader(line, PATIENCE).hello(), tmp_path / "image.elf")
    line.close()


def test_frames_are_found_among_noise():
    rng = random.Random(SEED)
    frames = [Frame(Kind.WRITE, n % 256, rng.randbytes(rng.randrange(300))) for n in range(200)]
    reader, found = FrameReader(), []
    for frame in frames:
        reader.feed(bytes(rng.randrange(1, 256) for _ in range(rng.randrange(20))) + b"\0")
        reader.feed(frame.encode())
        while taken := reader.next():
            found.append(taken)
    assert found == frames
