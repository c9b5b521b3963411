"""After reset, every register of every device reads as the register reference says."""

from collections.abc import Iterator
from dataclasses import dataclass

import cocotb

import soc.top
from hdl.core.params import RegionKind
from hdl.peripheral.mmio import Entry, RegisterMap
from soc.memory_map import devices, hart_params
from tests.soc.puppets import PARAMS, PuppetHart, PuppetSoc
from tests.support.clock import start
from tests.support.mmio import Initiator
from tests.support.pauses import never
from tests.support.run import run_cocotb

HART = hart_params(PARAMS)

# Registers that a read after reset cannot reach, by the condition that selects them.
NOT_SELECTED = ("LCR.dlab = 1",)
# These tell of refused accesses, so they are read before any other access to their block.
FIRST = ("error", "refused")
# They have no constant after reset; with the greatest value that is right in this bench.
MOVING = {
    ("clint", "mtime"): 10_000,  # ticks since reset
    ("flash", "data"): 0,  # the contents of the chip; there is none here
}


@dataclass(frozen=True)
class Read:
    """One element of a register, and the value that it must have."""

    device: str
    name: str
    address: int
    entry: Entry

    @property
    def most(self) -> int | None:
        return MOVING.get((self.device, self.entry.name))


def reads() -> Iterator[Read]:
    for device in devices(PARAMS):
        if device.kind is not RegionKind.IO:
            continue
        if device.registers is not None:
            yield from block_reads(device.name, device.name, device.base, device.registers)
        for block in device.blocks:
            for number in range(block.count):
                yield from block_reads(device.name, f"{device.name}.{block.name}[{number}]",
                                       device.base + block.offset + number * block.stride,
                                       block.registers)


def block_reads(device: str, block: str, base: int, registers: RegisterMap) -> Iterator[Read]:
    for entry in registers:
        if "r" in entry.register.access and entry.when not in NOT_SELECTED:
            for n in range(entry.count):
                yield Read(device, f"{block}.{entry.name}[{n}]",
                           base + entry.offset + n * entry.stride, entry)


@cocotb.test()
async def every_register_reads_its_reset_value(dut):
    hart = Initiator(dut, "hart0__mmio", HART.paddr_bits, never(None))
    for name, signal in ((name, getattr(dut, name, None)) for name in (
            "interrupts", "uart_rx__valid", "uart_tx__ready", "dram__rdata__valid",
            "dram__request__ready", "dram__wdata__ready", "hart0__mem__request__valid",
            "hart1__mem__request__valid", "hart1__mmio__request__valid")):
        assert signal is not None, name
        signal.value = 0
    await start(dut)
    wrong, seen = [], set()
    for read in sorted(reads(), key=lambda read: read.entry.name not in FIRST):
        got = await hart.read(read.address, read.entry.register.bytes)
        seen.add((read.device, read.entry.name))
        right = got <= read.most if read.most is not None else got == read.entry.register.init
        if not right:
            wrong.append(f"{read.name} reads {got:#x}, not {read.entry.register.init:#x}")
    dut._log.info(f"{len(seen)} registers of {len({name for name, _ in seen})} devices")
    assert not wrong, f"{len(wrong)} registers: " + "; ".join(wrong[:20])
    assert MOVING.keys() <= seen


def test_reset_values(monkeypatch):
    puppets = [PuppetHart(HART) for _ in range(PARAMS.harts)]
    waiting = iter(puppets)
    monkeypatch.setattr(soc.top, "Hart", lambda params: next(waiting))
    run_cocotb(PuppetSoc(puppets, PARAMS), __name__, "reset_values")
