"""Area and clock on the ULX3S: the tables of docs/boards.md."""

from sim.figures.data import Figures, Measurement
from sim.figures.markdown import Table, joined
from sim.figures.tables.listing import listing

OPTIONS = {"default": "(default)", "no-taic": "`--no-taic`", "harts-1": "`--harts 1`",
           "harts-1-no-taic": "`--harts 1 --no-taic`"}
UNITS = {"hart": "soc.hart0", "second hart": "soc.hart1", "TAIC": "soc.taic",
         "UINTC": "soc.uintc", "L2": "soc.l2"}
RESOURCES = ("luts", "ffs", "block_rams", "dsps")
CELLS = ("TRELLIS_COMB", "TRELLIS_FF", "DP16KD", "MULT18X18D")


def area(figures: Figures) -> Table:
    """One column for each build."""
    sources = [figures[f"board-ulx3s.{name}"] for name in OPTIONS]

    def unit(measured: Measurement, module: str) -> str:
        units = measured.value("units")
        return joined(units[module][key] for key in RESOURCES) if module in units else ""

    rows = [
        ["everything", *(joined(m.value(key) for key in RESOURCES) for m in sources)],
        ["% of the device, as nextpnr counts",
         *(joined(m.value("used")[cell] for cell in CELLS) for m in sources)],
        *([name, *(unit(m, module) for m in sources)] for name, module in UNITS.items()),
        ["clock asked for, MHz", *(f"{m.value('wanted_mhz'):g}" for m in sources)],
        ["clock after routing, MHz", *map(_clocks, sources)],
        ["the slowest path ends at", *(m.value("slowest") for m in sources)],
    ]
    return Table(["LUT4, flip-flops, block RAMs, DSPs", *OPTIONS.values()], rows, sources)


def _clocks(measured: Measurement) -> str:
    return ", ".join(f"{clock:g} (seed {seed})" for seed, clock in measured.value("mhz").items())


def arrivals(figures: Figures) -> Table:
    measured = figures["board-ulx3s.default"]
    return Table(["ns", "the path ends at"],
                 [[f"{ns:g}", end] for ns, end in measured.value("arrivals")], [measured])


TABLES = {
    "board-ulx3s": area,
    "board-ulx3s-arrivals": arrivals,
    "area-sdram": listing(
        "area-sdram", ["SDRAM's controller, with pads and PLL", "LUT4", "flip-flops"],
        [("LiteDRAM", "litedram"), ("bridge", "bridge"), ("start", "start"),
         ("of the LUT4: LUT RAM", "lut_ram"),
         ("more with LiteDRAM's automatic precharge", "precharge")]),
    "area-sdram-clock": listing(
        "area-sdram", ["SDRAM's controller, clock after routing", "MHz"],
        [("as it is", "mhz"), ("with LiteDRAM's automatic precharge", "precharge_mhz")]),
}
