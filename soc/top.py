"""The SoC: harts, shared L2, boot ROM and devices."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hdl.bus.coherent import mem_request_layout
from hdl.bus.dram import DramSignature
from hdl.bus.mmio_split import MmioSplit
from hdl.bus.mmio_xbar import MmioCrossbar
from hdl.cache.l2 import L2Cache
from hdl.cache.l2_params import L2Params, PerformedSignature
from hdl.cache.line_rom import DramMux, LineRom
from hdl.core.commit import CommitSignature
from hdl.core.hart import Hart
from hdl.peripheral.clint import Clint
from hdl.peripheral.finisher import Finisher, Kind
from hdl.peripheral.plic import Plic
from hdl.peripheral.spi_flash import SpiFlashReader, SpiFlashSignature
from hdl.peripheral.uart16550 import LineFormat, Modem, RxByte, Uart16550
from hdl.taic import Taic
from hdl.uintc import Uintc

from . import bootrom
from .config import DRAM_BASE, SocParams
from .memory_map import (
    UART_INTERRUPT,
    device,
    hart_params,
    plic_contexts,
    taic_params,
    uintc_params,
    window,
    windows,
)


class RequestMonitor(wiring.Signature):
    """The requests of a hart to the L2, for monitoring."""

    def __init__(self, paddr_bits: int) -> None:
        super().__init__({
            "request": Out(wiring.Signature({
                "valid": Out(1),
                "ready": Out(1),
                "payload": Out(mem_request_layout(paddr_bits)),
            })),
        })


class Soc(wiring.Component):
    """One to several harts with the devices of ``soc.memory_map``.

    Ports:

    - ``dram``: the memory side of the L2, without the boot ROM;
    - ``uart_tx``, ``uart_rx``: the bytes that the UART sends and receives;
    - ``uart_format``, ``uart_tx_busy``, ``uart_overrun``: for a serial line (see
      ``UartSerialPhy``); the inputs are 0 without one;
    - ``finisher``: how the program ended. Before a reset the L2 writes its dirty lines to memory,
      and ``valid`` rises after that. Memory then holds every store performed before;
    - ``commit<n>``, ``memory<n>``: retired instructions and L2 requests of hart ``n``, for
      monitoring. Unused signals need no logic;
    - ``interrupts``: further sources of the PLIC;
    - ``taic_busy``: the queues of TAIC hold tasks (only with TAIC);
    - ``entry``: where the boot ROM jumps to, constant (only with ``params.entry_port``);
    - ``flash``: the pins of an SPI flash (only with a flash).
    """

    def __init__(self, params: SocParams) -> None:
        self.params, self.hart_params = params, hart_params(params)
        paddr_bits = self.hart_params.paddr_bits
        self.l2_params = L2Params(
            ports=params.harts, paddr_bits=paddr_bits, line_bytes=self.hart_params.line_bytes,
            ways=params.l2_ways, size_bytes=params.l2_bytes)
        super().__init__({
            "dram": Out(DramSignature(paddr_bits)),
            "uart_tx": Out(stream.Signature(8)),
            "uart_rx": In(stream.Signature(RxByte)),
            "uart_tx_busy": In(1),
            "uart_overrun": In(1),
            "uart_format": Out(LineFormat),
            "interrupts": In(params.plic_sources),
            "taic_busy": Out(1),
            "finisher": Out(wiring.Signature({
                "valid": Out(1), "kind": Out(Kind), "code": Out(16),
            })),
            **({"entry": In(64, init=DRAM_BASE)} if params.entry_port else {}),
            **({"flash": Out(SpiFlashSignature())} if params.flash_image is not None else {}),
            **{f"commit{n}": Out(CommitSignature()) for n in range(params.harts)},
            **{f"memory{n}": Out(RequestMonitor(paddr_bits)) for n in range(params.harts)},
            "performed": Out(PerformedSignature(self.l2_params)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params, paddr_bits = self.params, self.hart_params.paddr_bits
        contexts = plic_contexts(params)

        m.submodules.l2 = l2 = L2Cache(self.l2_params)
        m.submodules.xbar = xbar = MmioCrossbar(
            initiators=params.harts, windows=windows(params), addr_bits=paddr_bits)
        m.submodules.clint = clint = Clint(
            harts=params.harts, clocks_per_tick=params.clocks_per_tick)
        m.submodules.plic = plic = Plic(sources=params.plic_sources, contexts=len(contexts))
        m.submodules.uintc = uintc = Uintc(uintc_params(params))
        m.submodules.uart0 = uart = Uart16550(divisor=params.uart_divisor)
        m.submodules.finisher_device = finisher = Finisher()

        connect(m, xbar.clint, clint.bus)
        connect(m, xbar.plic, plic.bus)
        connect(m, xbar.uintc, uintc.bus)
        connect(m, xbar.uart0, uart.bus)
        connect(m, xbar.finisher, finisher.bus)
        taic = self._taic(m, plic) if params.taic else None
        if params.flash_image is not None:
            m.submodules.flash_device = flash = SpiFlashReader(clock_hz=params.clock_hz)
            connect(m, xbar.flash, flash.bus)
            connect(m, flash.flash, flipped(self.flash))
        self._connect_memory(m, l2)

        for n in range(params.harts):
            m.submodules[f"hart{n}"] = hart = Hart(self.hart_params)
            connect(m, hart.mem, l2.harts[n])
            if taic:
                m.submodules[f"split{n}"] = split = MmioSplit(
                    window=window(device(params, "taic")), addr_bits=paddr_bits)
                connect(m, hart.mmio, split.initiator)
                connect(m, split.direct, taic.bus[n])
                connect(m, split.others, xbar.initiator[n])
                m.d.comb += hart.lines.ssip.eq(taic.ssip[n])
            else:
                connect(m, hart.mmio, xbar.initiator[n])
            connect(m, hart.commit, flipped(getattr(self, f"commit{n}")))
            monitor = getattr(self, f"memory{n}").request
            external = {mode: plic.irq[contexts.index((n, mode))] for mode in "msu"}
            m.d.comb += [
                hart.hart_id.eq(n),
                hart.time.eq(clint.time),
                hart.lines.msip.eq(clint.msip[n]),
                hart.lines.mtip.eq(clint.mtip[n]),
                hart.lines.meip.eq(external["m"]),
                hart.lines.seip.eq(external["s"]),
                hart.lines.ueip.eq(external["u"]),
                hart.lines.usip.eq(uintc.usip[n] | (taic.usip[n] if taic else 0)),
                monitor.valid.eq(hart.mem.request.valid),
                monitor.ready.eq(hart.mem.request.ready),
                monitor.payload.eq(hart.mem.request.payload),
            ]

        connect(m, l2.performed, flipped(self.performed))
        connect(m, uart.tx, flipped(self.uart_tx))
        connect(m, uart.rx, flipped(self.uart_rx))
        m.d.comb += [
            uart.tx_busy.eq(self.uart_tx_busy),
            uart.overrun.eq(self.uart_overrun),
            self.uart_format.eq(uart.format),
            uart.modem.eq(Modem.const({"cts": 1, "dsr": 1, "dcd": 1})),
            plic.source_lines.eq(self.interrupts | uart.irq << UART_INTERRUPT),
            # A reset waits until the dirty lines are in memory, which outlives it.
            self.finisher.valid.eq(finisher.valid & ((finisher.kind != Kind.RESET) | l2.flushed)),
            l2.flush.eq(finisher.valid & (finisher.kind == Kind.RESET)),
            self.finisher.kind.eq(finisher.kind),
            self.finisher.code.eq(finisher.code),
        ]
        return m

    def _taic(self, m: Module, plic: Plic) -> Taic:
        """TAIC with the lines of the devices. Each hart has its own port at it."""
        m.submodules.taic = taic = Taic(taic_params(self.params))
        m.d.comb += [
            taic.line.eq(plic.source_lines),
            self.taic_busy.eq(taic.engine.busy.any()),
        ]
        return taic

    def _connect_memory(self, m: Module, l2: L2Cache) -> None:
        """The L2 sees the boot ROM and the DRAM as one memory."""
        hart = self.hart_params
        rom = LineRom(
            bootrom.boot_rom(self.params), device(self.params, "bootrom").base,
            hart.paddr_bits, hart.line_bytes,
            hole=bootrom.TARGET_OFFSET if self.params.entry_port else None)
        if self.params.entry_port:
            m.d.comb += rom.filling.eq(self.entry)
        m.submodules.memory = memory = DramMux(rom)
        connect(m, l2.dram, memory.initiator)
        connect(m, memory.dram, flipped(self.dram))
