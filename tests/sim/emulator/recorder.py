"""Records what a device answers in the RTL, for the model of the emulator to repeat.

A trace has one operation a line; ``sim/emulator/examples/replay.rs`` defines it.
"""

import random
from pathlib import Path

from cocotb.triggers import FallingEdge, ReadOnly

from tests.support.clock import cycles
from tests.support.mmio import Initiator, Refused
from tests.support.pauses import never


class Recorder:
    """Performs accesses at the ports ``ports`` of the design, and writes them down.

    ``settle`` cycles pass behind each access, so that it has had all its effects. Then the lines of
    the harts are recorded, too.
    """

    def __init__(self, dut, device: str, sizes: dict[str, int], ports: list[str], addr_bits: int,
                 *, settle: int) -> None:
        self.dut, self.settle = dut, settle
        self.ports = [Initiator(dut, port, addr_bits, never(random.Random())) for port in ports]
        self.lines = [" ".join([device, *(f"{name}={size}" for name, size in sizes.items())])]

    async def write(self, offset: int, value: int, size: int = 8, *, port: int = 0,
                    more: int = 0) -> None:
        """Writes; ``more`` cycles pass in addition."""
        self.lines.append(f"write {port:x} {offset:x} {size:x} {value:x}")
        await self.ports[port].write(offset, value, size)
        await self.rest(more)

    async def read(self, offset: int, size: int = 8, *, port: int = 0) -> int | None:
        """Returns the value, or ``None`` for an error."""
        try:
            value = await self.ports[port].read(offset, size)
        except Refused:
            value = None
        answer = "fault" if value is None else f"{value:x}"
        self.lines.append(f"read {port:x} {offset:x} {size:x} {answer}")
        await self.rest()
        return value

    async def device(self, levels: int, *, more: int = 0) -> None:
        """Sets the lines of the devices."""
        self.lines.append(f"device {levels:x}")
        self.dut.line.value = levels
        await self.rest(more)

    async def rest(self, more: int = 0) -> None:
        """Lets the device come to rest, and records its lines."""
        await cycles(self.dut, self.settle + more)
        await ReadOnly()
        supervisor = int(self.dut.ssip.value) if hasattr(self.dut, "ssip") else 0
        self.lines.append(f"lines {int(self.dut.usip.value):x} {supervisor:x}")
        await FallingEdge(self.dut.clk)

    def save(self, path: str) -> None:
        Path(path).write_text("\n".join(self.lines) + "\n")
