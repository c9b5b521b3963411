"""The record of refused operations."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from .params import MAX_RECEIVERS
from .registers import Error, Refusal


class Access(data.Struct):
    """An access to the table, performed or refused."""

    register: 2
    write: 1
    index: (MAX_RECEIVERS - 1).bit_length()


class Refusals(wiring.Component):
    """Stores the last refused access, and counts the refusals.

    If ``reason`` is not NONE, ``access`` was refused in this cycle. ``clear`` clears the record; it
    does not come in the cycle of a refusal. ``record`` changes in the next cycle.
    """

    access: In(Access)
    reason: In(Refusal)
    clear: In(1)
    record: Out(Error().layout)

    def elaborate(self, platform) -> Module:
        m = Module()
        record = self.record
        with m.If(self.clear):
            m.d.sync += record.eq(0)
        with m.Elif(self.reason != Refusal.NONE):
            m.d.sync += [
                record.reason.eq(self.reason),
                record.register.eq(self.access.register),
                record.write.eq(self.access.write),
                record.index.eq(self.access.index),
                record.count.eq(record.count + ~record.count.all()),
            ]
        return m
