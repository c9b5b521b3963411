"""The suites of ``rel4 bench``. Each suite is one module and has one row here."""

from sim.bench.suites import core, emu, kernel, message, taic, uintr

SUITES = {module.SUITE.name: module.SUITE for module in (core, uintr, taic, message, kernel, emu)}
