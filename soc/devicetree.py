"""The device tree of a SoC, as text and as a flattened blob.

Compatible strings and properties follow QEMU's ``virt`` machine, so that software for that machine
works here.
"""

from dataclasses import replace

from hdl.core.csr.counters import CYCLE, HPM, INSTRET, SELECT_BITS
from hdl.core.isa import Event, Irq
from hdl.core.params import PAGE_BYTES
from hdl.peripheral.finisher import Kind

from .config import SocParams
from .fdt import Node, Ref, to_dtb, to_dts
from .memory_map import UINTC_TABLE_BYTES, Device, device, plic_contexts, taic_params

ISA_EXTENSIONS = ("i", "m", "a", "c", "zicntr", "zicsr", "zifencei", "zihpm", "sstc")
ISA = "rv64" + "".join(name if len(name) == 1 else f"_{name}" for name in ISA_EXTENSIONS)
EXTERNAL = {"m": Irq.MEI, "s": Irq.SEI, "u": Irq.UEI}  # raised by a PLIC context


# SBI events, which the SBI specification numbers by type, cache, operation and result.
SBI_CYCLES, SBI_INSTRUCTIONS = 0x1, 0x2
SBI_EVENTS = {
    0x6: Event.BRANCH_MISPREDICT,
    0x10001: Event.DCACHE_MISS,  # reads that miss: L1D
    0x10009: Event.ICACHE_MISS,  # L1I
    0x10019: Event.DTLB_MISS,
    0x10021: Event.ITLB_MISS,
}


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
            "i-cache-sets": hart.icache_way_bytes // hart.line_bytes,
            "i-cache-block-size": hart.line_bytes,
            "d-cache-size": hart.dcache_ways * hart.dcache_way_bytes,
            "d-cache-sets": hart.dcache_way_bytes // hart.line_bytes,
            "d-cache-block-size": hart.line_bytes,
            "next-level-cache": Ref("l2"),
        }, label=f"cpu{n}")
        cpu.add(Node("interrupt-controller", {
            "#interrupt-cells": 1,
            "interrupt-controller": True,
            "compatible": "riscv,cpu-intc",
        }, label=f"cpu{n}_intc"))
        cpus.add(cpu)
    cores = Node("cluster0", {})
    for n in range(params.harts):
        cores.add(Node(f"core{n}", {"cpu": Ref(f"cpu{n}")}))
    cpu_map = Node("cpu-map", {})
    cpu_map.add(cores)
    cpus.add(cpu_map)
    return cpus


def _l2(params: SocParams) -> Node:
    return Node("l2-cache", {
        "compatible": "cache",
        "cache-level": 2,
        "cache-unified": True,
        "cache-size": params.l2_bytes,
        "cache-sets": params.l2_bytes // (params.l2_ways * params.hart.line_bytes),
        "cache-block-size": params.hart.line_bytes,
    }, label="l2")


def _pmu(params: SocParams) -> Node:
    """What the event counters count: SBI events, and any selector as a raw event."""
    counters = ((1 << params.hart.hpm_counters) - 1) << HPM
    selectors = [cell for event, selector in SBI_EVENTS.items() for cell in (event, 0, selector)]
    fixed = [SBI_CYCLES, SBI_CYCLES, 1 << CYCLE, SBI_INSTRUCTIONS, SBI_INSTRUCTIONS, 1 << INSTRET]
    chosen = [cell for event in SBI_EVENTS for cell in (event, event, counters)]
    select_mask = (1 << 64) - (1 << SELECT_BITS)  # the bits that are the same in all selectors
    return Node("pmu", {
        "compatible": "riscv,pmu",
        "riscv,event-to-mhpmevent": selectors,
        "riscv,event-to-mhpmcounters": fixed + chosen,
        "riscv,raw-event-to-mhpmcounters": [
            0, 0, select_mask >> 32, select_mask & 0xFFFF_FFFF, counters],
    })


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
        "rel4,contexts": taic.contexts,  # the same numbers, and others, as cells
        "rel4,queues": taic.queues,
        "rel4,tasks": taic.tasks,
        "rel4,channels": taic.channels,
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
    root.add(Node("aliases", {"serial0": f"/soc/serial@{uart.base:x}"}))
    root.add(Node("chosen", {"stdout-path": f"serial0:{params.uart_baud}n8"}))
    root.add(_cpus(params))
    root.add(_l2(params))
    root.add(_pmu(params))
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
