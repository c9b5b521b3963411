"""One user interrupt, cycle by cycle: the accounts of docs/uintr-timing.md."""

from sim.figures.data import Figures
from sim.figures.markdown import Table
from sim.figures.tables.listing import cell, listing

SEND = (  # its name in the measurement; hart 0, UINTC, hart 1
    ("enter", "SEND enters M: `suist` is checked, the address of the entry is added up", "", ""),
    ("rights", "rights on the table's page (known from the last SEND); the L1D is addressed",
     "", ""),
    ("entry", "the L1D gives the entry", "", ""),
    ("checked", "the entry is checked; vector and address go into the store buffer", "", ""),
    ("accepted", "the write is at the MMIO port; SEND leaves M",
     "accepted, through the crossbar, in the same cycle; the block RAM is addressed", ""),
    ("next", "the next instruction is in M",
     "entry read and written, counter of hart 1 one up", ""),
    ("line", "", "`usip[1]` high", "USIP pending, enabled, delegated: decided"),
    ("taken", "", "", "the decision is in a flip-flop; it replaces the instruction in M; `uepc`, "
     "`ucause`, `UIE`"),
    ("front_end", "", "", "the front end starts at `utvec`: the four bubbles of any trap"),
    ("handler", "", "", "the first instruction of the handler is in M"),
)
HANDLER = (
    ("stack pointer, first register", "stack"), ("UIPI READ: look, request, answer, done", "read"),
    ("registers", "registers"), ("`csrci uip`", "clear"), ("`fence i, rw`; frame pointer", "fence"),
    ("jump to the handler", "jump"), ("until the handler's body", "body"),
)


def send(figures: Figures) -> Table:
    measured = figures["account-uintr.send"]
    return Table(["cycle", "hart 0", "UINTC", "hart 1"],
                 [[cell(measured.value(key)), *texts] for key, *texts in SEND], [measured])


TABLES = {
    "account-send": send,
    "account-handler": listing("account-uintr.handler", ["cycles", "leaf", "rust", "full"],
                               HANDLER),
}
