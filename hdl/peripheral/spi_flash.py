"""Reader of an SPI flash. It uses two commands, which do not change the flash."""

from math import ceil

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out, connect, flipped

from ..bus.mmio import MmioSignature
from . import mmio

ADDR_BITS = 12
WAKE_UP, FAST_READ = 0xAB, 0x0B
FLASH_HZ = 33_000_000  # maximum, for the slowest parts and pins
WAKE_UP_SECONDS = 50e-6  # maximum until a sleeping flash answers
DESELECT_SECONDS = 100e-9  # minimum between two commands


class Address(mmio.Register, access="w"):
    """Address to read from. Side effect: a write ends the current read and begins another."""

    fields = {"address": mmio.Field(24, "of the first byte")}


class Data(mmio.Register, access="r", bytes=8):
    """The next 8 bytes of the flash; the first one is the lowest.

    The access waits until they have been read. Without a written address, reading begins at 0. The
    first byte of the flash follows its last one.
    """

    fields = {"data": mmio.Field(64, "8 bytes")}


def spi_flash_registers() -> mmio.RegisterMap:
    registers = mmio.RegisterMap(addr_bits=ADDR_BITS)
    registers.add("address", Address(), offset=0)
    registers.add("data", Data(), offset=8)
    return registers


class SpiFlashSignature(wiring.Signature):
    """The pins, seen from the reader. ``cs`` is 1 while the flash is selected."""

    def __init__(self) -> None:
        super().__init__({"cs": Out(1), "clk": Out(1), "copi": Out(1), "cipo": In(1)})


class SpiFlashReader(wiring.Component):
    """Reads the bytes of a flash through two registers. It cannot write or erase the flash.

    ``clock_hz`` is the system clock. The flash runs in SPI mode 0, at most at ``FLASH_HZ``. A bit
    is sampled at the end of its clock period, so the round trip may take the whole period. After
    reset the clock runs for the time of one byte without a selected flash, because a clock pin that
    the FPGA's configuration hands over may need that. Then the flash is woken. 8 bytes are read
    ahead of the program.
    """

    def __init__(self, *, clock_hz: int) -> None:
        self.half_period = ceil(clock_hz / (2 * FLASH_HZ))
        self.wake_up_cycles = ceil(clock_hz * WAKE_UP_SECONDS)
        self.deselect_cycles = ceil(clock_hz * DESELECT_SECONDS) + 1
        self._bridge = mmio.Bridge(spi_flash_registers(), deferred=("data",))
        super().__init__({"bus": In(MmioSignature(ADDR_BITS)), "flash": Out(SpiFlashSignature())})

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.bridge = regs = self._bridge
        connect(m, flipped(self.bus), regs.bus)
        flash = self.flash

        # Bits are sent and received while ``left`` is not 0.
        left, phase = Signal(range(65)), Signal(range(self.half_period))
        out, received = Signal(40, reset_less=True), Signal(64, reset_less=True)
        ends, sample, idle = Signal(), Signal(2), Signal()
        cipo = Signal()
        m.submodules.cipo = FFSynchronizer(flash.cipo, cipo)
        m.d.comb += [
            flash.copi.eq(out[-1]),
            ends.eq((left != 0) & flash.clk & (phase == self.half_period - 1)),
            idle.eq((left == 0) & (sample == 0)),
        ]
        m.d.sync += sample.eq(Cat(ends, sample[0]))  # as late as the synchronizer
        with m.If(sample[1]):
            m.d.sync += received.eq(Cat(cipo, received[:-1]))
        with m.If(left != 0):
            m.d.sync += phase.eq(phase + 1)
            with m.If(phase == self.half_period - 1):
                m.d.sync += [phase.eq(0), flash.clk.eq(~flash.clk)]
        with m.If(ends):
            m.d.sync += [left.eq(left - 1), out.eq(Cat(C(0, 1), out[:-1]))]

        address, again = Signal(24), Signal()
        wanted = Signal()
        pause = Signal(range(self.wake_up_cycles + 1), init=self.deselect_cycles)
        woken = Signal()
        m.d.comb += regs["data"].r_data.eq(
            Cat(received[8 * n:8 * n + 8] for n in reversed(range(8))))
        with m.If(regs["data"].read):
            m.d.sync += wanted.eq(1)
        with m.FSM():
            with m.State("RESET"):
                m.d.sync += left.eq(8)
                m.next = "DESELECT"
            with m.State("DESELECT"):
                with m.If(idle):
                    m.d.sync += [flash.cs.eq(0), pause.eq(pause - 1)]
                    with m.If(pause == 0):
                        m.d.sync += woken.eq(1)
                        m.next = "WAKE_UP"
                        with m.If(woken):
                            m.next = "COMMAND"
            with m.State("WAKE_UP"):
                m.d.sync += [
                    flash.cs.eq(1), left.eq(8), out[-8:].eq(WAKE_UP),
                    pause.eq(self.wake_up_cycles),
                ]
                m.next = "DESELECT"
            with m.State("COMMAND"):
                m.d.sync += [
                    flash.cs.eq(1), left.eq(40), out.eq(Cat(C(0, 8), address, C(FAST_READ, 8))),
                    pause.eq(self.deselect_cycles), again.eq(0),
                ]
                m.next = "READ"
            with m.State("READ"):
                with m.If(idle):
                    m.d.sync += left.eq(64)
                    m.next = "FULL"
            with m.State("FULL"):
                with m.If(idle & again):
                    m.next = "DESELECT"
                with m.Elif(idle & wanted):
                    m.d.comb += regs["data"].done.eq(1)
                    m.d.sync += [wanted.eq(0), left.eq(64)]
        with m.If(regs["address"].write):
            m.d.sync += [address.eq(regs["address"].w_data.address), again.eq(1)]
        return m
