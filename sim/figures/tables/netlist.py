"""Programs on the netlist, and its comparison with the RTL: the tables of docs/netlist.md."""

from sim.figures.data import Figures
from sim.figures.markdown import Table, count
from sim.figures.tables.listing import listing


def equivalence(figures: Figures) -> Table:
    sources = {"UINTC, 512 receivers": figures["netlist.uintc"],
               "TAIC, `tiny`": figures["netlist.taic"]}
    return Table(["2 harts", "flip-flops", "memory cells", "points", "proven"],
                 [[name, *map(count, m.value("points"))] for name, m in sources.items()],
                 list(sources.values()))


TABLES = {
    "netlist-programs": listing(
        "netlist.programs",
        ["2 harts", "cycles, RTL and netlist", "the netlist runs at about, kHz"],
        [("`hello`, `tiny`", "hello-tiny"), ("`hello`, `default`", "hello-default"),
         ("`selftest`, `tiny`", "selftest-tiny"), ("`selftest`, `default`", "selftest-default")]),
    "netlist-equivalence": equivalence,
}
