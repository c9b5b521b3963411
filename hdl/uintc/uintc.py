"""UINTC: the user-interrupt controller."""

from functools import reduce
from operator import or_

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..bus.mmio import DWORD, MmioSignature
from .layout import ENTRY_BYTES
from .line import HartLine
from .params import ADDR_BITS, TABLE_BITS, UintcParams
from .refusals import Access, Refusals
from .registers import Refusal, uintc_registers
from .table import EntryTable

ENTRY_BITS = (ENTRY_BYTES - 1).bit_length()


class Uintc(wiring.Component):
    """Table of receivers, each with 64 pending vectors, and an interrupt line for each hart.

    ``bus`` covers the registers of ``uintc_registers``. An access is accepted in every cycle,
    except while the table is cleared after reset, one receiver a cycle. Operations take effect one
    at a time, in the order of their acceptance. A read that is accepted in cycle ``n`` is answered
    in ``n + 1``, combinationally from the block RAM. An operation changes ``usip`` in ``n + 2``.

    Bit ``h`` of ``usip`` is a flip-flop. It is high exactly while an entry is active, has ``h`` as
    its hart ID and has a pending vector.

    Three kinds of access are refused: a SEND of a vector above 63, an access to an entry that does
    not exist, and an access that is not of 8 bytes. They change no entry and are recorded in the
    register ``error``. A refused read gives 0, and also an error response if its size is wrong.
    Accesses to the page of ``error`` must have 8 bytes too; the rest of that page reads 0.
    """

    def __init__(self, params: UintcParams) -> None:
        self.params = params
        self.registers = {entry.name: entry for entry in uintc_registers(params)}
        self.table = EntryTable(params)
        self.lines = [HartLine(receivers=params.receivers) for _ in range(params.harts)]
        self.refusals = Refusals()
        super().__init__({
            "bus": In(MmioSignature(ADDR_BITS)),
            "usip": Out(params.harts),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params, request, response = self.params, self.bus.request, self.bus.response
        m.submodules.table = table = self.table
        m.submodules.refusals = refusals = self.refusals

        # The cycle of acceptance: decode the access, and decide whether it is refused.
        accept = Signal()
        in_table, size_ok, entry_exists = Signal(), Signal(), Signal()
        access = Signal(Access)
        here = {name: Signal(name=f"{name}_here") for name in self.registers}
        m.d.comb += [
            request.ready.eq(~table.sweeping),
            accept.eq(request.valid & request.ready),
            in_table.eq(~request.p.addr[TABLE_BITS]),
            size_ok.eq(request.p.size == DWORD),
            access.register.eq(request.p.addr[3:]),
            access.write.eq(request.p.write),
            access.index.eq(request.p.addr[ENTRY_BITS:TABLE_BITS]),
            entry_exists.eq(access.index < params.receivers),
            table.valid.eq(accept & in_table & entry_exists & size_ok),
            table.index.eq(access.index),
            table.operation.send      .eq(here["send"] & access.write),
            table.operation.write_low .eq(here["low"] & access.write),
            table.operation.read_high .eq(here["high"] & ~access.write),
            table.operation.write_high.eq(here["high"] & access.write),
            table.operation.set_active.eq(here["active"] & access.write),
            table.operation.data      .eq(request.p.data),
        ]
        for name, entry in self.registers.items():
            low, high = (3, ENTRY_BITS) if entry.count > 1 else (3, TABLE_BITS)
            m.d.comb += here[name].eq(
                (in_table == (entry.count > 1))
                & (request.p.addr[low:high] == (entry.offset >> low) % (1 << high - low)))

        # The next cycle: answer a read, and record a refusal.
        answered = Signal()
        asked = {name: Signal(name=f"{name}_asked", reset_less=True) for name in self.registers}
        wrong_size = Signal(reset_less=True)
        reason = Signal(Refusal)
        clear = Signal()
        accessed = Signal(Access, reset_less=True)
        m.d.sync += [
            answered.eq(accept & ~access.write),
            clear.eq(accept & access.write & here["error"] & size_ok),
            reason.eq(Refusal.NONE),
        ]
        with m.If(accept):
            m.d.sync += [accessed.eq(access), wrong_size.eq(~size_ok)]
            for name in asked:
                exists = entry_exists | ~in_table
                m.d.sync += asked[name].eq(here[name] & size_ok & exists)
            with m.If(in_table & ~size_ok):
                m.d.sync += reason.eq(Refusal.SIZE)
            with m.Elif(in_table & ~entry_exists):
                m.d.sync += reason.eq(Refusal.RECEIVER)
        m.d.comb += [
            refusals.access.eq(accessed),
            refusals.reason.eq(Mux(table.vector_refused, Refusal.VECTOR, reason)),
            refusals.clear.eq(clear),
        ]

        registers = {name: entry.register for name, entry in self.registers.items()}
        low = Signal(registers["low"].layout)
        m.d.comb += [
            low.active.eq(table.entry.active),
            low.mode.eq(table.entry.mode),
            low.hart_id.eq(table.entry.hart_id),
            response.valid.eq(answered),
            response.p.error.eq(wrong_size),
        ]
        values = {
            "id": registers["id"].init,
            "low": low,
            "high": table.entry.pending,
            "active": table.entry.active,
            "error": refusals.record,
        }
        m.d.comb += response.p.data.eq(
            reduce(or_, (Mux(asked[name], value, 0) for name, value in values.items())))

        for hart, line in enumerate(self.lines):
            m.submodules[f"line_{hart}"] = line
            m.d.comb += [
                line.before.eq(table.before[hart]),
                line.after.eq(table.after[hart]),
                self.usip[hart].eq(line.line),
            ]
        return m
