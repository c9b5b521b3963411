"""Flush: writes every dirty line to memory before a reset."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.cache.l2_params import L2Params


class FlushWalk(wiring.Component):
    """Goes through all lines once, after ``start``.

    A set takes three cycles first: in ``seek`` the cache takes ``set``, in the next cycle it reads
    the line states, and in ``load`` it keeps them. Then each way has its turn: in ``seek_way`` the
    cache takes ``way``, and a cycle later ``clean`` offers that line, with ``clean_ready`` high.
    The next turn begins when ``clean_ready`` is high again. ``done`` stays high after the last one.
    """

    def __init__(self, params: L2Params) -> None:
        self.params = params
        super().__init__({
            "start": In(1),
            "seek": Out(1),
            "set": Out(params.set_bits),
            "load": Out(1),
            "seek_way": Out(1),
            "way": Out(params.way_bits),
            "clean": Out(1),
            "clean_ready": In(1),
            "done": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params = self.params
        with m.FSM():
            with m.State("IDLE"), m.If(self.start):
                m.next = "SEEK"
            with m.State("SEEK"):
                m.d.comb += self.seek.eq(1)
                m.next = "READ"
            with m.State("READ"):
                m.next = "LOAD"
            with m.State("LOAD"):
                m.d.comb += self.load.eq(1)
                m.next = "SEEK_WAY"
            with m.State("SEEK_WAY"), m.If(self.clean_ready):
                m.d.comb += self.seek_way.eq(1)
                m.next = "CLEAN"
            with m.State("CLEAN"):
                m.d.comb += self.clean.eq(1)
                m.d.sync += self.way.eq(self.way + 1)
                m.next = "SEEK_WAY"
                with m.If(self.way == params.ways - 1):
                    m.next = "NEXT_SET"
            with m.State("NEXT_SET"), m.If(self.clean_ready):
                m.d.sync += self.set.eq(self.set + 1)
                m.next = "SEEK"
                with m.If(self.set == params.sets - 1):
                    m.next = "DONE"
            with m.State("DONE"):
                m.d.comb += self.done.eq(1)
        return m
