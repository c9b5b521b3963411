"""A SoC without a hart, for tests of the harness. It executes commands that it reads from DRAM."""

from amaranth import *
from amaranth.lib import enum, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.bus.coherent import MemOp, MemoryPortSignature
from hdl.bus.dram import DramSignature
from hdl.core.commit import CommitSignature
from hdl.core.isa import Event
from hdl.peripheral.finisher import Kind
from soc.config import DRAM_BASE

PADDR_BITS = 32
LINE_BYTES = 64


class Command(enum.Enum, shape=8):
    """Commands are dwords: the command, then its operand. They count as instructions."""

    STOP = 0  # does nothing for ever
    PRINT = 1  # bits 15:8 go to the UART
    ECHO = 2  # waits for a byte from the UART and sends it back plus one
    FINISH = 3  # bits 31:16 to the finisher's kind, 47:32 to its code
    STORE = 4  # writes bits 63:32 to offset 31:8 in DRAM, as seen by the harts' memory ports
    COPY = 5  # writes line 15:8 of DRAM to line 23:16
    JUMP = 6  # continues at line 15:8
    TRAP = 7  # takes a trap with cause 15:8


class ToySoc(wiring.Component):
    """Reads a line of DRAM, executes its eight commands, one per cycle, then goes on."""

    dram: Out(DramSignature(PADDR_BITS))
    uart_tx: Out(stream.Signature(8))
    uart_rx: In(stream.Signature(8))
    finisher: Out(wiring.Signature({"valid": Out(1), "kind": Out(Kind), "code": Out(16)}))
    commit0: Out(CommitSignature())
    memory0: Out(MemoryPortSignature(PADDR_BITS))

    def elaborate(self, platform) -> Module:
        m = Module()
        line = Array(Signal(64, name=f"line{i}") for i in range(8))
        number, index, target = Signal(8), Signal(3), Signal(8)
        insn, pc = Signal(64), Signal(64)
        request, store = self.dram.request, self.memory0.request
        m.d.comb += [
            insn.eq(line[index]),
            pc.eq(DRAM_BASE + (number << 6) + (index << 3)),
            self.commit0.p.pc.eq(pc),
            self.commit0.p.insn.eq(0x13),  # nop
            self.commit0.p.priv.eq(3),
            self.commit0.priv.eq(3),
            self.commit0.events.eq(
                self.commit0.valid << Event.INSTRUCTION.value
                | ~self.commit0.valid << Event.STALL.value
            ),
        ]
        with m.FSM():
            with m.State("REQUEST"):
                m.d.comb += [
                    request.valid.eq(1),
                    request.payload.addr.eq(DRAM_BASE + (number << 6) + 8 * 3),  # wraps
                ]
                m.d.sync += index.eq(3)
                with m.If(request.ready):
                    m.next = "READ"
            with m.State("READ"):
                with m.If(self.dram.rdata.valid):
                    m.d.sync += [line[index].eq(self.dram.rdata.data), index.eq(index + 1)]
                    with m.If(index == 2):
                        m.d.sync += index.eq(0)
                        m.next = "OBEY"
            with m.State("OBEY"):
                self._obey(m, insn, index, number, target, store)
            with m.State("COPY"):
                m.d.comb += [
                    request.valid.eq(1),
                    request.payload.write.eq(1),
                    request.payload.addr.eq(DRAM_BASE + (target << 6)),
                ]
                m.d.sync += index.eq(0)
                with m.If(request.ready):
                    m.next = "WRITE"
            with m.State("WRITE"):
                m.d.comb += [self.dram.wdata.valid.eq(1), self.dram.wdata.payload.eq(line[index])]
                with m.If(self.dram.wdata.ready):
                    m.d.sync += index.eq(index + 1)
                    with m.If(index == 7):
                        m.d.sync += number.eq(number + 1)
                        m.next = "REQUEST"
        return m

    def _obey(self, m: Module, insn, index, number, target, store) -> None:
        done = Signal()
        operand = insn[8:16]
        with m.Switch(insn[:8]):
            with m.Case(Command.PRINT):
                m.d.comb += [
                    self.uart_tx.valid.eq(1),
                    self.uart_tx.payload.eq(operand),
                    done.eq(1),
                ]
            with m.Case(Command.ECHO):
                m.d.comb += [
                    self.uart_rx.ready.eq(1),
                    done.eq(self.uart_rx.valid),
                    self.uart_tx.valid.eq(done),
                    self.uart_tx.payload.eq(self.uart_rx.payload + 1),
                ]
            with m.Case(Command.FINISH):
                m.d.comb += [
                    self.finisher.valid.eq(1),
                    self.finisher.kind.eq(insn[16:32]),
                    self.finisher.code.eq(insn[32:48]),
                ]
            with m.Case(Command.STORE):
                m.d.comb += [
                    store.valid.eq(1),
                    store.ready.eq(1),
                    store.payload.op.eq(MemOp.WRITE),
                    store.payload.addr.eq(DRAM_BASE + insn[8:32]),
                    store.payload.data.eq(insn[32:]),
                    store.payload.mask.eq(0x0F),
                    done.eq(1),
                ]
            with m.Case(Command.COPY):
                m.d.comb += self.commit0.valid.eq(1)
                m.d.sync += target.eq(insn[16:24])
                m.next = "COPY"
            with m.Case(Command.JUMP):
                m.d.comb += self.commit0.valid.eq(1)
                m.d.sync += number.eq(operand)
                m.next = "REQUEST"
            with m.Case(Command.TRAP):
                m.d.comb += [
                    self.commit0.p.trap.eq(1),
                    self.commit0.p.cause.eq(operand),
                    done.eq(1),
                ]
        with m.If(done):
            m.d.comb += self.commit0.valid.eq(1)
            m.d.sync += index.eq(index + 1)
            with m.If(index == 7):
                m.d.sync += number.eq(number + 1)
                m.next = "REQUEST"
