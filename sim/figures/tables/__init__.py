"""The tables of figures, by the names that the pages use.

Each module describes the tables of one page or group in a dictionary ``TABLES``.
"""

from sim.figures.pages import Describe
from sim.figures.tables import (
    area,
    board,
    conformance,
    core,
    memory_model,
    message,
    message_account,
    netlist,
    taic,
    uintr,
    uintr_account,
)

TABLES: dict[str, Describe] = {}
for _module in (area, board, conformance, core, memory_model, message, message_account, netlist,
                taic, uintr, uintr_account):
    assert not TABLES.keys() & _module.TABLES.keys()
    TABLES |= _module.TABLES
