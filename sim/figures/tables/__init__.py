"""The tables of figures in the pages, by the names that stand there.

One module describes those of one page or group, in a dictionary ``TABLES``.
"""

from sim.figures.pages import Describe
from sim.figures.tables import core, message, message_account, uintr

TABLES: dict[str, Describe] = {}
for _module in (core, message, message_account, uintr):
    assert not TABLES.keys() & _module.TABLES.keys()
    TABLES |= _module.TABLES
