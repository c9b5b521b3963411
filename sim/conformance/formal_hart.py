"""The design that riscv-formal checks: pipeline and CSR file.

Free inputs replace caches, translation and prediction. The suite's alternative operations replace
multiplication and division.
"""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hdl.core.csr import CsrFile
from hdl.core.csr.types import IrqLines
from hdl.core.fetch.rvc import RvcExpander
from hdl.core.fetch.types import FetchFault, fetched_layout
from hdl.core.isa import Cause
from hdl.core.lsu.types import LsuOp
from hdl.core.params import PC_BITS, HartParams
from hdl.core.pipe.pipeline import Pipeline
from hdl.core.rvfi import RvfiSignature

# riscv-formal, docs: "Alternative Arithmetic Operations", by funct3[1:0].
MULTIPLY_MASKS = (0x2CDF52A55876063E, 0x15D01651F6583FB7, 0xEA3969EDECFBE137, 0xD13DB50D949CE5E8)
DIVIDE_MASKS = (0x29BBF66F7F8529EC, 0x8C629ACB10E8FD70, 0xF5B7D8538DA68FA5, 0xBC4402413138D0E1)


def _alternative(m, a, b, word, funct, masks, subtract):
    """Drives and returns a 64-bit result: the sum or difference, xor a mask."""
    full, result = Signal(64), Signal(64)
    with m.Switch(funct):
        for value, mask in enumerate(masks):
            with m.Case(value):
                m.d.comb += full.eq((a - b if subtract(value) else a + b) ^ mask)
    m.d.comb += result.eq(Mux(word, full[:32].as_signed(), full))
    return result


class AlternativeMultiplier(wiring.Component):
    """Has the ports and timing of ``hdl.core.pipe.multiply.Multiplier``."""

    x_enable: In(1)
    x_a: In(64)
    x_b: In(64)
    x_funct: In(2)
    m_funct: In(2)
    m_word: In(1)
    m_result: Out(64)

    def elaborate(self, platform):
        m = Module()
        a, b = Signal(64), Signal(64)
        later_a, later_b = Signal(64), Signal(64)
        with m.If(self.x_enable):
            m.d.sync += [a.eq(self.x_a), b.eq(self.x_b)]
        m.d.sync += [later_a.eq(a), later_b.eq(b)]
        lower = self.m_funct == 0
        m.d.comb += self.m_result.eq(_alternative(
            m, Mux(lower, a, later_a), Mux(lower, b, later_b), self.m_word, self.m_funct,
            MULTIPLY_MASKS, lambda funct: funct == 2))
        return m


class AlternativeDivider(wiring.Component):
    """Has the ports of ``hdl.core.pipe.divide.Divider``; busy for two cycles."""

    x_start: In(1)
    x_a: In(64)
    x_b: In(64)
    x_funct: In(2)
    x_word: In(1)
    cancel: In(1)
    m_busy: Out(1)
    m_result: Out(64)

    def elaborate(self, platform):
        m = Module()
        result = _alternative(m, self.x_a, self.x_b, self.x_word, self.x_funct, DIVIDE_MASKS,
                              lambda funct: True)
        count = Signal(2)
        m.d.comb += self.m_busy.eq(count != 0)
        with m.If(self.x_start):
            m.d.sync += [self.m_result.eq(result), count.eq(2)]
        with m.Elif(self.cancel):
            m.d.sync += count.eq(0)
        with m.Elif(self.m_busy):
            m.d.sync += count.eq(count - 1)
        return m


class FormalHart(wiring.Component):
    """Inputs named ``free_*`` may take any value in any cycle."""

    def __init__(self, params: HartParams) -> None:
        self.params = params
        super().__init__({
            "free_fetch": In(1),  # an instruction arrives
            "free_insn": In(32),
            "free_taken": In(1),  # ... and is predicted to be taken, to
            "free_target": In(PC_BITS),
            "free_busy": In(1),  # the load/store unit needs another cycle
            "free_data": In(64),  # memory contents
            "free_drained": In(1),
            "free_icache_busy": In(1),
            "free_lines": In(IrqLines),
            "free_time": In(64),
            "rvfi": Out(RvfiSignature()),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.pipeline = pipeline = Pipeline(
            self.params, multiplier=AlternativeMultiplier, divider=AlternativeDivider)
        m.submodules.csr = csr = CsrFile(self.params)
        connect(m, pipeline.csr, csr.bus)
        connect(m, pipeline.rvfi, flipped(self.rvfi))
        m.d.comb += [
            csr.lines.eq(self.free_lines),
            csr.time.eq(self.free_time),
            pipeline.icache_busy.eq(self.free_icache_busy),
        ]
        self._fetch(m, pipeline)
        self._memory(m, pipeline)
        return m

    def _fetch(self, m, pipeline):
        """Delivers any instruction at any time, with any prediction. Instruction addresses follow
        the rules of the front end. A fetch at a non-canonical address faults."""
        m.submodules.expander = expander = RvcExpander()
        pc = Signal(PC_BITS, init=self.params.reset_vector)
        held, valid = Signal(fetched_layout(self.params)), Signal()
        compressed = self.free_insn[:2] != 3
        follows = (pc + Mux(compressed, 2, 4))[:PC_BITS]
        target = self.free_target & ~C(1, PC_BITS)
        m.d.comb += [
            expander.insn.eq(self.free_insn[:16]),
            pipeline.fetched.valid.eq(valid),
            pipeline.fetched.p.eq(held),
        ]
        with m.If(pipeline.redirect.valid):
            m.d.sync += [valid.eq(0), pc.eq(pipeline.redirect.p.pc)]
        with m.Elif(pipeline.fetched.ready | ~valid):
            m.d.sync += [
                valid.eq(self.free_fetch),
                held.pc.eq(pc),
                held.fault.eq(Mux(pc[39] == pc[38], FetchFault.NONE, FetchFault.ACCESS)),
                held.compressed.eq(compressed),
                held.raw.eq(Mux(compressed, self.free_insn[:16], self.free_insn)),
                held.insn.eq(Mux(compressed, expander.expanded, self.free_insn)),
                held.taken.eq(self.free_taken),
                held.target.eq(target),
            ]
            with m.If(self.free_fetch):
                m.d.sync += pc.eq(Mux(self.free_taken, target, follows))

    def _memory(self, m, pipeline):
        """Returns any data after any delay. Only a non-canonical address faults."""
        lsu = pipeline.lsu
        address, size = Signal(64), Signal(2)
        unsigned, conditional, store = Signal(), Signal(), Signal()
        with m.If(lsu.m_advance):
            m.d.sync += [
                address.eq(lsu.x.base + lsu.x.offset),
                size.eq(lsu.x.size),
                unsigned.eq(lsu.x.unsigned),
                conditional.eq(lsu.x.op == LsuOp.SC),
                store.eq((lsu.x.op != LsuOp.LOAD) & (lsu.x.op != LsuOp.LR)),
            ]
        with m.Switch(size):
            for value, bits in enumerate((8, 16, 32, 64)):
                with m.Case(value):
                    part = self.free_data[:bits]
                    m.d.comb += lsu.m_result.eq(Mux(unsigned, part, part.as_signed()))
        with m.If(conditional):
            m.d.comb += lsu.m_result.eq(self.free_data[0])
        m.d.comb += [
            lsu.m_busy.eq(self.free_busy),
            lsu.m_fault.eq((address[38:] != 0) & ~address[38:].all()),
            lsu.m_cause.eq(Mux(store, Cause.STORE_ACCESS, Cause.LOAD_ACCESS)),
            lsu.m_addr.eq(address),
            lsu.m_vaddr.eq(address),
            lsu.drained.eq(self.free_drained),
        ]
