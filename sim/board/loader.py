"""The host's side of the boot loader. Each request is repeated until it is answered."""

import struct
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sim.board.frame import Frame, FrameReader, Kind
from sim.board.serial_line import Line, LineError
from sim.model.elf import BadImage, Program
from soc.boot_info import FORMAT, BootInfo
from soc.config import DRAM_BASE

VERSION = 2
CHUNK = 4096  # bytes of memory that one request clears or checks at most
INFO = struct.Struct(f"<BQQH{FORMAT.size}s")


@dataclass(frozen=True)
class Patience:
    """How long to wait for an answer before a request is sent again, and how often to send it.

    The second wait is twice as long and every later wait is four times as long. Requests that come
    faster than the board serves them would only pile up.
    """

    seconds: float = 1
    attempts: int = 8

    def wait(self, attempt: int) -> float:
        return self.seconds * (1 << min(attempt, 2))


@dataclass(frozen=True)
class TargetInfo:
    """The description that a loader gives of itself."""

    fields: bytes  # the bytes as received
    first: int  # address of its memory
    end: int
    block: int  # bytes that one request writes at most
    soc: BootInfo

    @property
    def announcement(self) -> bytes:
        """The bytes that the board sends when it is reset."""
        return Frame(Kind.INFO, 0, self.fields).encode()


@dataclass(frozen=True)
class Region:
    """Bytes for the memory: ``data``, then zeros."""

    address: int
    data: bytes
    length: int

    def part(self, start: int, length: int) -> bytes:
        return self.data[start:start + length].ljust(min(length, self.length - start), b"\0")


class Loader:
    """Talks to the boot loader at the other end of ``line``.

    ``damaged`` counts missing answers and answers that report a damaged frame.
    """

    def __init__(self, line: Line, patience: Patience = Patience()) -> None:
        self.line, self.patience = line, patience
        self.damaged = 0
        self._reader = FrameReader()
        self._sequence = 0
        self._usual_baud: int | None = None  # if the line has a different one

    @property
    def behind(self) -> bytes:
        """The bytes received after the last answer."""
        return self._reader.rest

    def hello(self) -> TargetInfo:
        """Finds the loader. Raises ``LineError`` if none answers, or none with a known protocol."""
        fields = self._ask(Kind.HELLO, b"", answer=Kind.INFO)
        if len(fields) != INFO.size or fields[0] != VERSION:
            raise LineError("the boot loader has another version of the protocol")
        _, first, end, block, record = INFO.unpack(fields)
        return TargetInfo(fields, first, end, block, BootInfo.decode(record))

    def hasten(self, baud: int) -> bool:
        """Sets the line to ``baud``, or the nearest rate that the loader supports, until ``run``.

        If the line does not work at that rate, restores its own rate and returns false.
        """
        answer = self._ask(Kind.SPEED, struct.pack("<I", baud))
        usual, self.line.baud = self.line.baud, *struct.unpack("<I", answer)
        patience, self.patience = self.patience, Patience(self.patience.seconds / 4, attempts=3)
        try:
            self._ask(Kind.HELLO, b"", answer=Kind.INFO)
            self._usual_baud = usual
            return True
        except LineError:
            self._slow_down(usual)
            return False
        finally:
            self.patience = patience

    def _slow_down(self, usual: int) -> None:
        """Restores the line's own rate. A byte 0 at that rate is a break at a faster rate."""
        self.line.baud = usual
        self._usual_baud = None
        self._ask(Kind.HELLO, b"", answer=Kind.INFO)

    def load(self, program: Program, info: TargetInfo,
             progress: Callable[[int, int], None] = lambda done, total: None) -> None:
        """Writes a program to memory and checks it there. Calls ``progress`` with the bytes done
        and the total. Raises ``LineError`` if the line fails or the check finds other contents."""
        regions = read_regions(program)
        total = sum(len(region.data) for region in regions)
        done = 0
        for region in regions:
            for start in range(len(region.data), region.length, CHUNK):
                length = min(CHUNK, region.length - start)
                self._ask(Kind.CLEAR, struct.pack("<QQ", region.address + start, length))
            for start in range(0, len(region.data), info.block):
                block = region.data[start:start + info.block]
                self._ask(Kind.WRITE, struct.pack("<Q", region.address + start) + block)
                done += len(block)
                progress(done, total)
        for region in regions:
            self._check(region)

    def _check(self, region: Region) -> None:
        for start in range(0, region.length, CHUNK):
            wanted = region.part(start, CHUNK)
            address = region.address + start
            answer = self._ask(Kind.CHECK, struct.pack("<QQ", address, len(wanted)))
            if answer != struct.pack("<I", zlib.crc32(wanted)):
                raise LineError(f"the memory at {address:#x} does not hold what was written")

    def run(self) -> None:
        """Starts the program. All following bytes on the line belong to it (``behind`` may hold the
        first), at the rate that the line had before ``hasten``."""
        if self._usual_baud:
            self._slow_down(self._usual_baud)
        try:
            self._ask(Kind.RUN, b"")
        except LineError:
            raise LineError("no answer to the request to start: the program may have been "
                            "started") from None

    def _ask(self, kind: Kind, fields: bytes, *, answer: Kind = Kind.DONE) -> bytes:
        """Sends a request and returns the fields of the answer."""
        self._sequence = self._sequence % 255 + 1  # 0 marks unsolicited frames
        request = Frame(kind, self._sequence, fields).encode()
        for attempt in range(self.patience.attempts):
            # The 0 ends a frame that noise may have begun.
            self.line.write(b"\0" + request)
            frame = self._answer(self.patience.wait(attempt))
            if frame and frame.sequence == 0 and frame.kind == Kind.INFO:
                continue  # the loader is just starting and does not wait for long
            if frame is None or frame.kind == Kind.DAMAGED:
                self.damaged += 1
            elif frame.kind == Kind.REFUSED:
                raise LineError(f"the boot loader refuses {kind.name.lower()}")
            elif frame.kind != answer:
                raise LineError(f"the boot loader answers {kind.name.lower()} with {frame.kind}")
            else:
                return frame.fields
        raise LineError(f"no answer to {kind.name.lower()} in {self.patience.attempts} attempts")

    def _answer(self, seconds: float) -> Frame | None:
        """Returns the frame that answers the request, or an unsolicited frame. Returns ``None`` if
        none arrives in time."""
        deadline = time.monotonic() + seconds
        while True:
            while frame := self._reader.next():
                if frame.sequence in (0, self._sequence):
                    return frame
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self._reader.feed(self.line.read(left))


def read_regions(program: Program) -> list[Region]:
    """Returns the parts of the image file and their addresses. Raises ``BadImage``."""
    try:
        image = program.path.read_bytes()
    except OSError as error:
        raise BadImage(f"cannot be read: {error.strerror}") from None
    return [Region(s.paddr, image[s.offset:s.offset + s.file_bytes], s.memory_bytes)
            for s in program.segments]


def program_for(info: TargetInfo, image: Path) -> Program:
    """Reads the program and checks that it fits the loader's memory. Raises ``BadImage``."""
    if info.first != DRAM_BASE:
        raise BadImage(f"linked for memory at {DRAM_BASE:#x}; that of the board is at "
                       f"{info.first:#x}")
    program = Program.load(image, memory_bytes=info.end - info.first)
    if program.entry != info.first:
        raise BadImage(f"entry {program.entry:#x} is not the start of the memory "
                       f"({info.first:#x}), where the boot loader starts programs")
    return program
