"""The suites of ``rel4 bench``: a module each, and a row here."""

from sim.bench.suites import core, message, taic, uintr

SUITES = {module.SUITE.name: module.SUITE for module in (core, uintr, taic, message)}
