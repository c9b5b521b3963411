"""Resources and clock on ECP5 of the hart, UINTC, TAIC and SoC, each alone."""

from typing import Any

from sim.figures.data import Figures, Measurement
from sim.figures.markdown import Table, count, joined
from sim.figures.tables.listing import listing

DEVICE = {"luts": 83_640, "ffs": 83_640, "block_rams": 208}  # ECP5-85F
HARTS = (1, 2, 4)
UNITS = {  # label, modules
    "hart, each": ("hart0",), "TAIC": ("taic",), "L2": ("l2",),
    "MMIO crossbar, and the way past it to TAIC": ("xbar", "split0", "split1", "split2", "split3"),
    "PLIC": ("plic",), "CLINT": ("clint",), "UINTC": ("uintc",), "UART": ("uart0",),
    "boot ROM": ("memory",), "finisher": ("finisher_device",),
}
COLUMNS = ("LUT4", "flip-flops", "block RAMs")


def summary(figures: Figures) -> Table:
    """One row for each part that has been synthesised alone."""
    sources = {"hart with caches and MMU": figures["area-hart"],
               "UINTC, 512 receivers, one hart": figures["area-uintc.harts-1"],
               "TAIC, 16 contexts, 1024 tasks, 256 channels": figures["area-taic.device"],
               "SoC, one hart": figures["area-soc.harts-1"],
               "SoC, two harts": figures["area-soc.harts-2"]}
    rows = [[name, *_resources(m), mhz(m)] for name, m in sources.items()]
    return Table(["alone on ECP5-85F, speed 6", *COLUMNS, "MHz"], rows, list(sources.values()))


def uintc(figures: Figures) -> Table:
    sources = [figures[f"area-uintc.harts-{n}"] for n in HARTS]
    return Table(["harts", "LUT4", "flip-flops, with those around it", "block RAMs", "MHz"],
                 [[str(n), *_resources(m), mhz(m)] for n, m in zip(HARTS, sources, strict=True)],
                 sources)


def taic(figures: Figures) -> Table:
    sources = {
        "TAIC: 16 contexts x 8 queues x 8 priorities, 1024 tasks, 256 channels, 32 lines":
            figures["area-taic.device"],
        "structure of the published design: 4 contexts x 8 queues, 64 x 64-bit shift array for "
        "each context, 6 slots": figures["area-taic.published"],
    }
    return Table(["", *COLUMNS, "MHz, routed alone"],
                 [[name, *_resources(m), mhz(m)] for name, m in sources.items()],
                 list(sources.values()))


def soc(figures: Figures) -> Table:
    """LUT4s, flip-flops and block RAMs of each unit, for each number of harts."""
    sources = {"1 hart": figures["area-soc.harts-1"],
               "1 hart, no TAIC": figures["area-soc.harts-1-no-taic"],
               "2 harts": figures["area-soc.harts-2"], "4 harts": figures["area-soc.harts-4"]}
    rows = []
    for name, modules in UNITS.items():
        rows.append([name])
        for measured in sources.values():
            units = measured.value("units")
            found = [units[module] for module in modules if module in units]
            rows[-1].append(joined(sum(u[key] for u in found) for key in DEVICE) if found else "")
    rows.append(["the SoC as one", *(joined(m.value(key) for key in DEVICE)
                                     for m in sources.values())])
    rows.append(["% of an ECP5-85F", *(joined(round(100 * m.value(key) / whole)
                                              for key, whole in DEVICE.items())
                                       for m in sources.values())])
    return Table(["LUT4, flip-flops, block RAMs", *sources], rows, list(sources.values()))


def mhz(measured: Measurement) -> str:
    """The clock, or its range over several placements."""
    clocks: dict[str, Any] = measured.value("mhz")
    if not clocks:
        return ""
    low, high = min(clocks.values()), max(clocks.values())
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _resources(measured: Measurement) -> list[str]:
    return [count(measured.value(key)) for key in DEVICE]


TAIC_PARTS = (
    ("engine", "engine"), ("engine: issue queue", "issue_queue"),
    ("engine: queue select", "queue_select"), ("engine: row of the context", "context_row"),
    ("engine: task pool", "task_pool"), ("ports", "ports"), ("each port", "port"),
    ("of a port: its head prefetch", "head_prefetch"),
    ("of a port: the multiplexer of its answers (64 bits)", "answers"),
    ("registers of the control page", "control"),
    ("of these: settings of contexts", "settings"),
    ("streams into the engine and the records", "streams"),
    ("published notifications (`compat`)", "compat"), ("lines", "lines"), ("records", "records"),
    ("of these: wakes that wait", "waiting"), ("context allocator", "allocator"),
    ("interrupts", "interrupts"),
    ("access arbiter, errors, dequeued records", "access_arbiter"),
)
BUSES = (("none", "none"), ("Wishbone, 64 bits", "wishbone-64"),
         ("Wishbone, 32 bits", "wishbone-32"), ("AXI4-Lite, 64 bits", "axi4-lite-64"),
         ("AXI4-Lite, 32 bits", "axi4-lite-32"))

TABLES = {
    "area": summary, "area-uintc": uintc, "area-taic": taic, "area-soc": soc,
    "area-taic-parts": listing("area-taic-parts", ["part of TAIC, synthesised for itself", "LUT4"],
                               TAIC_PARTS),
    "area-uintc-bus": listing("area-uintc-bus", ["bus", "LUT4", "flip-flops", "MHz"], BUSES),
}
