"""The device tree of a SoC, as text and as a flattened blob.

Compatible strings and properties follow QEMU's ``virt`` machine, so that software for that machine
works here.
"""

from dataclasses import replace

from hdl.core.isa import Irq
from hdl.core.params import PAGE_BYTES
from hdl.peripheral.finisher import Kind

from .config import SocParams
from .fdt import Node, Ref, to_dtb, to_dts
from .memory_map import UINTC_TABLE_BYTES, Device, device, plic_contexts, taic_params

ISA_EXTENSIONS = ("i", "m", "a", "c", "zicntr", "zicsr", "zifencei", "zihpm", "sstc")
ISA = "rv64" + "".join(name if len(name) == 1 else f"_{name}" for name in ISA_EXTENSIONS)
EXTERNAL = {"m": Irq.MEI, "s": Irq.SEI, "u": Irq.UEI}  # raised by a PLIC context


def _reg(part: Device) -> list[int]:
    return [part.base >> 32, part.base & 0xFFFF_FFFF, part.size >> 32, part.size & 0xFFFF_FFFF]


def _intc(hart: int) -> Ref:
    return Ref(f"cpu{hart}_intc")


def _cpus(params: SocParams) -> Node:
    cpus = Node("cpus", {"#address-cells": 1, "#size-cells": 0,
                         "timebase-frequency": params.timebase_hz})
    hart = params.hart
    for n in range(params.harts):
        cpu = Node(f"cpu@{n:x}", {
            "device_type": "cpu",
            "reg": n,
            "status": "okay",
            "compatible": ["rel4,hart", "riscv"],
            "riscv,isa": ISA,
            "riscv,isa-base": "rv64i",
            "riscv,isa-extensions": list(ISA_EXTENSIONS),
            "mmu-type": "riscv,sv39",
            "clock-frequency": params.clock_hz,
            "i-cache-size": hart.icache_ways * hart.icache_way_bytes,
            "i-cache-block-size": hart.line_bytes,
            "d-cache-size": hart.dcache_ways * hart.dcache_way_bytes,
            "d-cache-block-size": hart.line_bytes,
        }, label=f"cpu{n}")
        cpu.add(Node("interrupt-controller", {
            "#address-cells": 0,
            "#interrupt-cells": 1,
            "interrupt-controller": True,
            "compatible": "riscv,cpu-intc",
        }, label=f"cpu{n}_intc"))
        cpus.add(cpu)
    return cpus


def _clint(params: SocParams) -> Node:
    part = device(params, "clint")
    lines = [cell for n in range(params.harts) for cell in (_intc(n), Irq.MSI, _intc(n), Irq.MTI)]
    return Node(f"clint@{part.base:x}", {
        "compatible": ["sifive,clint0", "riscv,clint0"],
        "reg": _reg(part),
        "interrupts-extended": lines,
    }, label="clint")


def _plic(params: SocParams) -> Node:
    part = device(params, "plic")
    lines = [cell for hart, mode in plic_contexts(params) for cell in (_intc(hart), EXTERNAL[mode])]
    return Node(f"plic@{part.base:x}", {
        "compatible": ["sifive,plic-1.0.0", "riscv,plic0"],
        "reg": _reg(part),
        "#address-cells": 0,
        "#interrupt-cells": 1,
        "interrupt-controller": True,
        "riscv,ndev": params.plic_sources - 1,
        "interrupts-extended": lines,
    }, label="plic")


def _uintc(params: SocParams) -> Node:
    part = device(params, "uintc")
    table = replace(part, size=UINTC_TABLE_BYTES)
    errors = replace(part, base=part.base + UINTC_TABLE_BYTES, size=PAGE_BYTES)
    lines = [cell for n in range(params.harts) for cell in (_intc(n), Irq.USI)]
    return Node(f"uintc@{part.base:x}", {
        "compatible": "riscv,uintc0",
        "reg": _reg(table) + _reg(errors),
        "reg-names": ["receivers", "errors"],
        "#address-cells": 0,
        "#interrupt-cells": 1,
        "interrupt-controller": True,
        "interrupts-extended": lines,
    }, label="uintc")


def _taic(params: SocParams) -> Node:
    part, taic = device(params, "taic"), taic_params(params)
    lines = [cell for n in range(params.harts)
             for cell in (_intc(n), Irq.SSI, _intc(n), Irq.USI)]
    return Node(f"taic@{part.base:x}", {
        "compatible": "riscv,taic0",
        "reg": _reg(part),
        "gq-num": bytes([taic.contexts]),  # drivers read a byte
        "lq-num": bytes([taic.queues]),
        "interrupts-extended": lines,
    }, label="taic")


def _uart(params: SocParams) -> Node:
    part = device(params, "uart0")
    return Node(f"serial@{part.base:x}", {
        "compatible": "ns16550a",
        "reg": _reg(part),
        "clock-frequency": params.clock_hz,
        "current-speed": params.uart_baud,
        "interrupt-parent": Ref("plic"),
        "interrupts": part.interrupt,
    }, label="uart0")


def _flash(params: SocParams) -> Node:
    part = device(params, "flash")
    return Node(f"flash@{part.base:x}", {"compatible": "rel4,spi-flash-reader", "reg": _reg(part)},
                label="flash")


def _finisher(params: SocParams) -> Node:
    part = device(params, "finisher")
    return Node(f"test@{part.base:x}", {
        "compatible": ["sifive,test1", "sifive,test0", "syscon"],
        "reg": _reg(part),
    }, label="finisher")


def device_tree(params: SocParams) -> Node:
    """The root node."""
    root = Node("", {
        "#address-cells": 2,
        "#size-cells": 2,
        "compatible": ["rel4,soc", "riscv-virtio"],
        "model": f"rel4-soc,{params.name}",
    })
    uart, dram = device(params, "uart0"), device(params, "dram")
    root.add(Node("chosen", {"stdout-path": f"/soc/serial@{uart.base:x}"}))
    root.add(_cpus(params))
    root.add(Node(f"memory@{dram.base:x}", {"device_type": "memory", "reg": _reg(dram)}))
    for name, kind in (("poweroff", Kind.PASS), ("reboot", Kind.RESET)):
        root.add(Node(name, {
            "compatible": f"syscon-{name}",
            "regmap": Ref("finisher"),
            "offset": 0,
            "value": kind.value,
        }))
    soc = Node("soc", {"#address-cells": 2, "#size-cells": 2, "compatible": "simple-bus",
                       "ranges": True})
    taic = (_taic,) if params.taic else ()
    flash = (_flash,) if params.flash_image is not None else ()
    for part in (_finisher, *taic, _clint, _uintc, _plic, _uart, *flash):
        soc.add(part(params))
    root.add(soc)
    return root


def dts(params: SocParams) -> str:
    """The device tree as source text."""
    return to_dts(device_tree(params))


def dtb(params: SocParams) -> bytes:
    """The device tree as a flattened blob."""
    return to_dtb(device_tree(params))
