"""A serial line that damages bytes. A process at its other end is the boot loader."""

import os
import random
import select
import subprocess
from pathlib import Path

from sim.tools import BUILD
from soc.boot_info import BootInfo
from soc.config import configuration

TARGET = BUILD / "sw" / "boot-target"


class Noise:
    """Changes, loses or doubles one in ``rarity`` passing bytes on average."""

    def __init__(self, rng: random.Random, rarity: float) -> None:
        self.rng, self.rarity = rng, rarity
        self.damaged = 0

    def __call__(self, data: bytes) -> bytes:
        return b"".join(self._one(byte) for byte in data)

    def _one(self, byte: int) -> bytes:
        if self.rng.random() >= 1 / self.rarity:
            return bytes([byte])
        self.damaged += 1
        return self.rng.choice([
            bytes([byte ^ 1 << self.rng.randrange(8)]), b"", bytes([byte, byte]),
        ])


RECORD = BootInfo.of(configuration("tiny", harts=1)).encode()


class TargetLine:
    """The line to a ``boot-target`` with ``memory_bytes`` of memory from ``base`` on.

    When the program starts, the contents of memory go to the file ``started``.
    """

    baud = 115_200

    def __init__(self, started: Path, *, base: int, memory_bytes: int, rng: random.Random,
                 rarity: float = float("inf")) -> None:
        assert TARGET.exists(), f"{TARGET} is not built: make sw"
        self.down, self.up = Noise(rng, rarity), Noise(rng, rarity)
        self._process = subprocess.Popen(
            [TARGET, started, str(base), str(memory_bytes), RECORD.hex()],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def read(self, seconds: float) -> bytes:
        output = self._process.stdout.fileno()
        if not select.select([output], [], [], seconds)[0]:
            return b""
        return self.up(os.read(output, 65536))

    def write(self, data: bytes) -> None:
        os.write(self._process.stdin.fileno(), self.down(data))

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
