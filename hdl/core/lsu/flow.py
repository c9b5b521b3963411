"""The steps of the operation in Memory that take further cycles."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..isa import Cause
from ..params import HartParams
from .operation import Progress
from .types import Kind, LsuOp, operation_layout
from .uipi import REASON_BITS, Refusal, UipiOp


class Faults(data.Struct):
    """Why a translation does not allow the access; ``page`` has priority."""

    page: 1
    access: 1


class Cached(data.Struct):
    """What the L1D answers; see ``DCache``."""

    hit: 1
    unready: 1
    stale: 1
    filling: 1


class Walked(data.Struct):
    """What the MMU answers."""

    done: 1
    faults: Faults


class UipiView(data.Struct):
    """What ``Uipi`` says of an operation, and whether the current mode may execute it."""

    allowed: 1
    op: UipiOp
    refusal: REASON_BITS
    entry_refusal: REASON_BITS
    page_known: 1
    page_readable: 1


class Answers(data.Struct):
    """What became of a request of the operation, in this cycle."""

    memory_accepted: 1
    memory: 1  # the answer is there
    device_accepted: 1
    device: 1
    device_error: 1


class Wants(data.Struct):
    """Requests. They depend on the state alone."""

    memory: 1
    device: 1
    translation: 1  # of the current dword; of the sender table for UIPI


class Effects(data.Struct):
    """What else happens in a cycle."""

    take: 1  # the operand becomes the dword that memory, device or L1D shows
    keep: 1  # ... is the result from now on
    forget: 1  # ... is none
    drop: 1  # the L1D drops the line
    refill: 1  # the L1D fetches the line
    fill_dtlb: 1
    fill_rights: 1  # those on the sender table
    post: 1  # UIPI writes to UINTC


class Flow(wiring.Component):
    """Decides from the first look-up what an operation needs, and goes through its states.

    ``advance`` starts an operation if ``starts``; it is looked up in the next cycle (``look``),
    where ``kill`` cancels it. ``ready`` says that a look-up may be used: the address is translated
    and allowed, and there is room for a store. ``slow``: a state other than the first look-up.
    ``fault`` and ``cause`` come from flip-flops, one cycle after the fault is found. ``refused``
    and ``reason`` are those of UIPI, in one cycle.
    """

    def __init__(self, params: HartParams) -> None:
        super().__init__({
            "advance": In(1),
            "starts": In(1),
            "kill": In(1),
            "operation": In(operation_layout(params)),
            "kind": In(Kind),
            "ready": In(1),
            "room": In(1),  # in the store buffer
            "faults": In(Faults),
            "cached": In(Cached),
            "walked": In(Walked),
            "uipi": In(UipiView),
            "answers": In(Answers),
            "look": Out(1),
            "slow": Out(1),
            "reads_device": Out(1),  # the device port belongs to the operation
            "wants": Out(Wants),
            "effects": Out(Effects),
            "progress": Out(Progress),
            "refused": Out(1),
            "reason": Out(REASON_BITS),
            "fault": Out(1),
            "cause": Out(6),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        with m.FSM(name="slow") as slow:
            with m.State("NONE"):  # no operation, one with a look-up, or one that is done
                self._look_up(m)
            self._again(m)
            self._translate(m)
            self._miss(m)
            self._sender_table(m)
            self._post(m)
            self._atomic(m)
            self._device(m)
        m.d.comb += self.slow.eq(~slow.ongoing("NONE"))
        with m.If(self.answers.device):
            m.d.comb += self.effects.take.eq(1)
            with m.If(self.answers.device_error & ~self.kind.uipi):
                self._raise(m, Cause.LOAD_ACCESS, Cause.LOAD_ACCESS)
        with m.If(self.advance):
            m.d.sync += [self.look.eq(self.starts), self.fault.eq(0)]
        return m

    def _raise(self, m, load: Cause, store: Cause) -> None:
        op = self.operation.op
        writes = (op != LsuOp.LOAD) & (op != LsuOp.LR)
        m.d.sync += [self.fault.eq(1), self.cause.eq(Mux(writes, store, load))]

    def _refuse(self, m, reason: Value) -> None:
        m.d.comb += [self.refused.eq(1), self.reason.eq(reason)]

    def _look_up(self, m) -> None:
        now, kind, faults = self.operation, self.kind, self.faults
        m.d.sync += self.look.eq(0)
        # Also done for a load that misses, because a hit is known too late.
        m.d.comb += self.effects.take.eq(self.look & kind.load)
        with m.If(self.look & ~self.kill):
            with m.If(kind.uipi):
                self._begin_uipi(m)
            with m.Elif(kind.atomic & now.unaligned):
                self._raise(m, Cause.LOAD_MISALIGNED, Cause.STORE_MISALIGNED)
            with m.Elif(~now.translated):
                m.next = "TRANSLATE"
            with m.Elif(faults.page):
                self._raise(m, Cause.LOAD_PAGE, Cause.STORE_PAGE)
            with m.Elif(faults.access):
                self._raise(m, Cause.LOAD_ACCESS, Cause.STORE_ACCESS)
            with m.Elif(~self.ready):
                m.next = "AGAIN"
            with m.Elif(kind.atomic):
                m.d.comb += self.effects.drop.eq(1)
                m.next = "ATOMIC"
            with m.Elif(kind.store):
                with m.If(now.spans & now.upper):
                    m.d.comb += self.progress.to_lower.eq(1)
                    m.d.sync += self.look.eq(1)
                with m.Elif(~now.last):
                    m.d.comb += self.progress.to_upper.eq(1)
                    m.d.sync += self.look.eq(1)
            with m.Elif(now.entry.io):
                m.next = "DEVICE"
            with m.Elif(self.cached.stale):
                m.next = "AGAIN"
            with m.Elif(~self.cached.hit):
                m.next = "MISS"
            with m.Elif(now.crosses & ~now.upper):
                m.d.comb += self.progress.to_upper.eq(1)
                m.d.sync += self.look.eq(1)

    def _begin_uipi(self, m) -> None:
        m.d.comb += [self.progress.redirected.eq(1), self.effects.keep.eq(1)]
        with m.If(~self.uipi.allowed):
            m.d.sync += [self.fault.eq(1), self.cause.eq(Cause.ILLEGAL_INSN)]
        with m.Elif(self.uipi.refusal != Refusal.NONE):
            self._refuse(m, self.uipi.refusal)
        with m.Elif(self.uipi.op == UipiOp.SEND):
            m.next = "TABLE"
        with m.Elif(self.uipi.op == UipiOp.READ):
            m.next = "DEVICE"
        with m.Else():
            m.next = "POST"

    def _again(self, m) -> None:
        with m.State("AGAIN"):  # reads the L1D again, when it may hit
            with m.If(~self.cached.filling & ~(self.kind.store & ~self.room)):
                m.d.comb += self.effects.forget.eq(1)
                m.d.sync += self.look.eq(1)
                m.next = "NONE"

    def _translate(self, m) -> None:
        with m.State("TRANSLATE"):
            m.d.comb += self.wants.translation.eq(1)
            with m.If(self.walked.done):
                m.next = "NONE"
                m.d.comb += self.progress.translated.eq(1)
                with m.If(self.walked.faults.page):
                    self._raise(m, Cause.LOAD_PAGE, Cause.STORE_PAGE)
                with m.Elif(self.walked.faults.access):
                    self._raise(m, Cause.LOAD_ACCESS, Cause.STORE_ACCESS)
                with m.Else():
                    m.d.comb += [
                        self.effects.fill_dtlb.eq(~self.operation.wild),
                        self.effects.forget.eq(1),
                    ]
                    m.d.sync += self.look.eq(1)

    def _miss(self, m) -> None:
        now = self.operation
        with m.State("MISS"):
            m.d.comb += self.wants.memory.eq(1)
            with m.If(self.answers.memory_accepted):
                m.d.comb += self.effects.refill.eq(1)
                m.next = "FILL"
        with m.State("FILL"):
            with m.If(self.answers.memory):
                m.d.comb += self.effects.take.eq(1)
                m.next = "NONE"
                with m.If(self.kind.uipi):
                    m.next = "POST"
                with m.Elif(now.crosses & ~now.upper):
                    m.d.comb += self.progress.to_upper.eq(1)
                    m.next = "AGAIN"

    def _sender_table(self, m) -> None:
        with m.State("TABLE"):  # may S-mode read it? Reads the L1D when it may hit
            with m.If(~self.uipi.page_known):
                m.next = "TABLE_RIGHTS"
            with m.Elif(~self.uipi.page_readable):
                self._refuse(m, Refusal.TABLE_ACCESS)
                m.next = "NONE"
            with m.Elif(~self.cached.filling):
                m.d.sync += self.look.eq(1)
                m.next = "ENTRY"
        with m.State("TABLE_RIGHTS"):
            m.d.comb += self.wants.translation.eq(1)
            with m.If(self.walked.done):
                m.d.comb += self.effects.fill_rights.eq(1)
                m.next = "TABLE"
        with m.State("ENTRY"):
            m.d.sync += self.look.eq(0)
            m.d.comb += self.effects.take.eq(1)
            with m.If(self.cached.unready | self.cached.stale):
                m.next = "TABLE"
            with m.Elif(self.cached.hit):
                m.next = "POST"
            with m.Else():
                m.next = "MISS"

    def _post(self, m) -> None:
        with m.State("POST"):
            refusal = self.uipi.entry_refusal
            with m.If((self.uipi.op == UipiOp.SEND) & (refusal != Refusal.NONE)):
                self._refuse(m, refusal)
                m.next = "NONE"
            with m.Elif(self.room):
                m.d.comb += self.effects.post.eq(1)
                m.next = "NONE"

    def _atomic(self, m) -> None:
        with m.State("ATOMIC"):
            m.d.comb += self.wants.memory.eq(1)
            with m.If(self.answers.memory_accepted):
                m.d.comb += self.progress.low.eq(self.operation.op == LsuOp.SC)
                m.next = "ANSWER"
        with m.State("ANSWER"):
            with m.If(self.answers.memory):
                m.d.comb += self.effects.take.eq(1)
                m.next = "NONE"

    def _device(self, m) -> None:
        with m.State("DEVICE"):
            m.d.comb += [self.reads_device.eq(1), self.wants.device.eq(1)]
            with m.If(self.answers.device_accepted):
                m.next = "DEVICE_ANSWER"
            with m.If(self.answers.device):
                m.next = "NONE"
        with m.State("DEVICE_ANSWER"):
            m.d.comb += self.reads_device.eq(1)
            with m.If(self.answers.device):
                m.next = "NONE"
