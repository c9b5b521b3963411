"""The memory map: the only source of addresses, sizes and registers of the devices."""

from dataclasses import dataclass, replace

from hdl.bus.mmio_xbar import Window
from hdl.core.params import PAGE_BYTES, HartParams, Region, RegionKind
from hdl.peripheral.clint import clint_registers
from hdl.peripheral.finisher import finisher_registers
from hdl.peripheral.mmio import RegisterMap
from hdl.peripheral.plic import plic_registers
from hdl.peripheral.spi_flash import spi_flash_registers
from hdl.peripheral.uart16550_registers import uart_registers
from hdl.taic import TaicParams, channel_registers, control_registers, queue_registers
from hdl.taic.params import ADDR_BITS as TAIC_ADDR_BITS
from hdl.taic.params import ALIAS, CHANNEL_BYTES, CHANNEL_PAGES, PAGE_BITS, QUEUE_PAGES
from hdl.uintc import UintcParams, uintc_registers
from hdl.uintc.params import ADDR_BITS as UINTC_ADDR_BITS
from hdl.uintc.params import TABLE_BITS

from .config import DRAM_BASE, SocParams

TAIC_BASE = 0x0100_0000

UINTC_BASE = 0x02F1_0000
UINTC_TABLE_BYTES = 1 << TABLE_BITS  # the error page follows

BOOTROM_BYTES = 8 << 10  # in block RAM; twice that for a boot loader and a long device tree
SHORT_TREE_HARTS = 2  # harts with whose device tree a boot loader fits into BOOTROM_BYTES
FIRMWARE_BYTES = 2 << 20  # of DRAM, at its start; one entry of the PMP covers them
PAYLOAD_BASE = DRAM_BASE + FIRMWARE_BYTES  # where the firmware starts a kernel
UART_INTERRUPT = 10


@dataclass(frozen=True)
class Block:
    """``count`` equal blocks of registers of a device, ``stride`` bytes apart, from ``offset`` on.

    If it has the same registers as an earlier block, ``alias_of`` names that block.
    """

    name: str
    title: str
    registers: RegisterMap
    offset: int
    count: int = 1
    stride: int = 0
    alias_of: str = ""


@dataclass(frozen=True)
class Device:
    """A device or memory at ``base``, with ``size`` bytes; ``present`` of them answer.

    Its registers are ``registers``, or those of ``blocks``. ``direct``: every hart has its own port
    at the device, and the device is not behind the crossbar.
    """

    name: str
    title: str
    base: int
    size: int
    kind: RegionKind
    interrupt: int | None = None  # source at the PLIC
    registers: RegisterMap | None = None
    blocks: tuple[Block, ...] = ()
    present: int | None = None  # if not all
    direct: bool = False

    @property
    def region(self) -> Region:
        """The pages that answer."""
        base = self.base // PAGE_BYTES * PAGE_BYTES
        end = self.base + (self.present or self.size)
        return Region(base, -(-end // PAGE_BYTES) * PAGE_BYTES - base, self.kind)


def plic_contexts(params: SocParams) -> list[tuple[int, str]]:
    """Hart and mode ("m", "s" or "u") of each PLIC context, in order."""
    contexts = [(hart, mode) for hart in range(params.harts) for mode in "ms"]
    return contexts + [(hart, "u") for hart in range(params.harts)]


def _bootrom_bytes(params: SocParams) -> int:
    large = params.boot_loader and params.harts > SHORT_TREE_HARTS
    return 2 * BOOTROM_BYTES if large else BOOTROM_BYTES


def devices(params: SocParams) -> list[Device]:
    """All devices and memories, in the order of addresses."""
    rom, io, memory = RegionKind.ROM, RegionKind.IO, RegionKind.MEMORY
    taic = [
        Device("taic", "Task-aware interrupt controller", TAIC_BASE, 1 << TAIC_ADDR_BITS, io,
               blocks=taic_blocks(taic_params(params)), direct=True),
    ] if params.taic else []
    flash = [
        Device("flash", "SPI flash, to be read only", 0x1000_1000, PAGE_BYTES, io,
               registers=spi_flash_registers()),
    ] if params.flash_image is not None else []
    return [
        Device("bootrom", "Boot ROM with the device tree", 0x0000_1000, 60 << 10, rom,
               present=_bootrom_bytes(params)),
        Device("finisher", "Test finisher", 0x0010_0000, 4 << 10, io,
               registers=finisher_registers()),
        *taic,
        Device("clint", "Core-local interruptor", 0x0200_0000, 64 << 10, io,
               registers=clint_registers(params.harts)),
        Device("uintc", "User-interrupt controller", UINTC_BASE, 1 << UINTC_ADDR_BITS, io,
               registers=uintc_registers(uintc_params(params)),
               present=UINTC_TABLE_BYTES + PAGE_BYTES),
        Device("plic", "Platform-level interrupt controller", 0x0C00_0000, 64 << 20, io,
               registers=plic_registers(params.plic_sources, len(plic_contexts(params)))),
        Device("uart0", "UART, 16550A", 0x1000_0000, 256, io, interrupt=UART_INTERRUPT,
               registers=uart_registers(params.uart_divisor)),
        *flash,
        Device("dram", "Main memory", DRAM_BASE, params.dram_bytes, memory),
    ]


def device(params: SocParams, name: str) -> Device:
    """The device called ``name``."""
    return next(device for device in devices(params) if device.name == name)


def uintc_params(params: SocParams) -> UintcParams:
    return UintcParams(receivers=params.uintc_receivers, harts=params.harts)


def taic_params(params: SocParams) -> TaicParams:
    """``ValueError`` if the SoC has no TAIC."""
    if params.taic is None:
        raise ValueError(f"configuration {params.name} has no TAIC")
    return replace(params.taic, harts=params.harts, ports=params.harts, lines=params.plic_sources)


def taic_blocks(params: TaicParams) -> tuple[Block, ...]:
    """Control page, pages of the local queues and records of the channels."""
    pages = params.contexts * params.queues
    queue = queue_registers(params)
    return (
        Block("control", "control page, for the kernel alone", control_registers(params), 0),
        Block("queue", "page of a local queue, of context i / queues", queue, QUEUE_PAGES,
              pages, 1 << PAGE_BITS),
        Block("channel", "record of a channel, for the kernel alone", channel_registers(params),
              CHANNEL_PAGES, params.channels, CHANNEL_BYTES),
        Block("alias", "the kernel's alias of the page of a local queue", queue,
              ALIAS + QUEUE_PAGES, pages, 1 << PAGE_BITS, alias_of="queue"),
    )


def windows(params: SocParams) -> tuple[Window, ...]:
    """The devices behind the MMIO crossbar."""
    return tuple(window(device) for device in devices(params)
                 if device.kind is RegionKind.IO and not device.direct)


def window(device: Device) -> Window:
    return Window(device.name, device.base, device.size)


def hart_params(params: SocParams) -> HartParams:
    """The parameters of the harts, with the regions of this memory map."""
    regions = tuple(device.region for device in devices(params))
    return replace(params.hart, regions=regions, uintc_base=UINTC_BASE,
                   uintc_receivers=params.uintc_receivers)
