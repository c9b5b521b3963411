"""Cycle, instruction and event counters, and the rights to read them."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..isa import EVENT_COUNT, Csr, Event, Priv
from ..params import HartParams
from .access import AccessSignature, read

HPM_BITS = 40
SELECT_BITS = 4
CYCLE, TIME, INSTRET, HPM = 0, 1, 2, 3  # numbers of the counters; HPM is the first of several


class Counters(wiring.Component):
    """``mcycle``, ``minstret``, ``mhpmcounter3`` and up, their user views, selectors and enables.

    Implemented event counters have 40 bits; the others read 0. ``retire`` is counted at the end of
    its cycle, other events one cycle later. A CSR write takes effect one cycle late, and has
    priority over counting in that cycle. Writing an unknown selector stores 0.
    """

    def __init__(self, params: HartParams) -> None:
        self.hpm_counters = params.hpm_counters
        super().__init__({
            "access": In(AccessSignature()),
            "priv": In(2),
            "time": In(64),
            "retire": In(1),
            "events": In(EVENT_COUNT),
            "time_enable": Out(1),  # mcounteren.TM
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        access = self.access
        count = HPM + self.hpm_counters
        mcounteren = Signal(count)
        scounteren = Signal(count)
        mcountinhibit = Signal(count)
        m.d.comb += self.time_enable.eq(mcounteren[TIME])

        cycle, instret = Signal(64), Signal(64)
        hpm = [Signal(HPM_BITS, name=f"hpm{HPM + n}") for n in range(self.hpm_counters)]
        select = [Signal(SELECT_BITS, name=f"select{HPM + n}") for n in range(self.hpm_counters)]
        counters = {CYCLE: cycle, INSTRET: instret}
        counters |= {HPM + n: counter for n, counter in enumerate(hpm)}
        selectors = {HPM + n: selector for n, selector in enumerate(select)}

        read(m, access, {
            Csr.MCOUNTEREN: mcounteren,
            Csr.SCOUNTEREN: scounteren,
            Csr.MCOUNTINHIBIT: mcountinhibit,
        })
        number = access.addr[:5]
        value = Signal(64)
        selector_value = Signal(SELECT_BITS)
        with m.Switch(number):
            for n, counter in counters.items():
                with m.Case(n):
                    m.d.comb += value.eq(counter)
            with m.Case(TIME):
                m.d.comb += value.eq(self.time)
        with m.Switch(number):
            for n, selector in selectors.items():
                with m.Case(n):
                    m.d.comb += selector_value.eq(selector)

        readable = Signal(32)
        m.d.comb += readable.eq(Mux(self.priv == Priv.M, ~0, mcounteren))
        with m.If(self.priv == Priv.U):
            m.d.comb += readable.eq(mcounteren & scounteren)

        block = access.addr[5:]
        m_counter = Signal()
        event = Signal()
        m.d.comb += [
            m_counter.eq(block == Csr.MCYCLE >> 5),
            event.eq(
                (block == Csr.MHPMEVENT3 >> 5) & (number[2:].any() | number[:2].all())
            ),
        ]
        with m.If(m_counter):
            m.d.comb += [access.rdata.eq(value), access.hit.eq(number != TIME)]
        with m.If(block == Csr.CYCLE >> 5):
            m.d.comb += [access.rdata.eq(value), access.hit.eq(readable.bit_select(number, 1))]
        with m.If(event):
            m.d.comb += [access.rdata.eq(selector_value), access.hit.eq(1)]

        counted = Signal(2**SELECT_BITS)
        m.d.comb += counted[Event.INSTRUCTION].eq(self.retire)
        m.d.sync += counted[Event.INSTRUCTION + 1:EVENT_COUNT].eq(
            self.events[Event.INSTRUCTION + 1:])
        happened = {CYCLE: C(1, 1), INSTRET: self.retire}
        happened |= {n: counted.bit_select(selector, 1) for n, selector in selectors.items()}
        write_block, write_number = access.late_addr[5:], access.late_addr[:5]
        write = access.late_write & (write_block == Csr.MCYCLE >> 5)
        write_event = access.late_write & (write_block == Csr.MHPMEVENT3 >> 5)
        write_value = access.late_value
        for n, counter in counters.items():
            with m.If(write & (write_number == n)):
                m.d.sync += counter.eq(write_value)
            with m.Elif(happened[n] & ~mcountinhibit[n]):
                m.d.sync += counter.eq(counter + 1)
        known = Signal()
        with m.If(~write_value[SELECT_BITS:].any()), m.Switch(write_value[:SELECT_BITS]):
            with m.Case(*range(EVENT_COUNT)):
                m.d.comb += known.eq(1)
        for n, selector in selectors.items():
            with m.If(write_event & (write_number == n)):
                m.d.sync += selector.eq(Mux(known, write_value[:SELECT_BITS], 0))

        with m.If(access.write), m.Switch(access.addr):
            with m.Case(Csr.MCOUNTEREN):
                m.d.sync += mcounteren.eq(access.value)
            with m.Case(Csr.SCOUNTEREN):
                m.d.sync += scounteren.eq(access.value)
            with m.Case(Csr.MCOUNTINHIBIT):
                m.d.sync += mcountinhibit.eq(access.value & ~(1 << TIME))
        return m
