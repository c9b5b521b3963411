"""Single instructions, misses, traps: the table of ``rel4 bench core``."""

from sim.figures.data import Figures
from sim.figures.markdown import Table, cycles

ROWS = (  # label, metric, its parameters
    ("result of a load used by the next instruction (bubbles)", "load_use", {}),
    ("taken branch, predicted (bubbles)", "branch_taken", {}),
    ("mispredicted branch (bubbles)", "branch_mispredict", {}),
    ("MUL", "mul", {}),
    ("DIV, quotient of 8 bits", "div", {"bits": "8"}),
    ("DIV, quotient of 64 bits", "div", {"bits": "64"}),
    ("AMO", "amo", {}),
    ("LR/SC pair", "lrsc", {}),
    ("L1D miss that hits the L2, beyond a hit", "l1d_miss_l2_hit", {}),
    ("L2 miss, beyond a hit", "l2_miss", {}),
    ("hit of the second-level TLB, beyond a hit", "tlb_miss", {"level": "l2tlb"}),
    ("page-table walk, beyond a hit", "tlb_miss", {"level": "walk"}),
    ("read of a device register", "mmio_read", {"device": "clint", "after": None}),
    ("write of a device register", "mmio_write", {"device": "clint"}),
    ("ECALL to the handler's first instruction (bubbles)", "ecall_entry", {}),
    ("SRET to the instruction behind it (bubbles)", "sret", {}),
    ("CSR write that makes a user interrupt pending, to the handler's first instruction (bubbles)",
     "uintr_entry", {}),
    ("URET to the instruction behind it (bubbles)", "uret", {}),
    ("`mtime` reaches `mtimecmp`, to the handler's first instruction", "timer_entry", {}),
)


def core(figures: Figures) -> Table:
    measured = figures["core"]
    return Table(["operation", "cycles (worst)"],
                 [[what, cycles(measured.metric(f"core.{name}", **params))]
                  for what, name, params in ROWS], [measured])


TABLES = {"core": core}
