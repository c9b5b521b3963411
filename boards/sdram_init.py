"""Starts an SDRAM chip: the pause after power-up, and the initialisation commands."""

from collections.abc import Sequence
from dataclasses import dataclass

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from .sdram_pads import BANK_BITS, COMMAND, ROW_BITS


@dataclass(frozen=True)
class InitStep:
    """A command for the chip, and the number of cycles to wait after it."""

    ras: bool
    cas: bool
    we: bool
    a: int
    ba: int
    wait: int


class SdramInit(wiring.Component):
    """Issues ``steps`` once after reset; then ``done`` rises.

    ``cke`` rises with the first step, one cycle after reset.
    """

    def __init__(self, steps: Sequence[InitStep]) -> None:
        if not steps:
            raise ValueError("there must be at least one step")
        self.steps = tuple(steps)
        super().__init__({
            **COMMAND,
            "done": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        number = Signal(range(len(self.steps) + 1))
        wait = Signal(range(max(step.wait for step in self.steps) + 1))
        command = Cat(self.ras, self.cas, self.we, self.a, self.ba)
        m.d.sync += Cat(self.ras, self.cas, self.we).eq(0)
        with m.If(wait != 0):
            m.d.sync += wait.eq(wait - 1)
        with m.Elif(~self.done):
            m.d.sync += [self.cke.eq(1), number.eq(number + 1)]
            with m.Switch(number):
                for n, step in enumerate(self.steps):
                    with m.Case(n):
                        m.d.sync += [
                            command.eq(Cat(C(step.ras, 1), C(step.cas, 1), C(step.we, 1),
                                           C(step.a, ROW_BITS), C(step.ba, BANK_BITS))),
                            wait.eq(step.wait),
                        ]
                with m.Default():
                    m.d.sync += self.done.eq(1)
        return m
