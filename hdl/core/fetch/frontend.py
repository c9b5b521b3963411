"""Front end of the hart: stages P (next address), F (fetch) and A (alignment)."""

from amaranth import *
from amaranth.lib import enum, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ...bus.coherent import MemoryPortSignature
from ..mmu.translation import Context, RefillSignature
from ..params import PAGE_BITS, PC_BITS, HartParams
from .align import Aligner
from .icache import ICache
from .itlb import InstructionTlb
from .predict import Predictor
from .queue import FetchQueue
from .types import FetchFault, fetched_layout, redirect_layout, train_layout


class Waiting(enum.Enum, shape=2):
    """The event for which F waits before it reads ``f_pc`` (again)."""

    NOTHING = 0
    TLB = 1  # the refill of the ITLB
    LINE = 2  # the L1I
    REDIRECT = 3  # a fetch fault is on its way to the pipeline


class Frontend(wiring.Component):
    """Fetches, predicts, aligns and expands instructions.

    An instruction is at ``o`` (a register) three cycles after the ``redirect`` to it, if it is in
    the L1I and its page is one of the last two. ``o.valid`` falls in the cycle after a redirect. A
    block with a branch that is predicted taken is followed at once by the target's block. The
    instructions between a fault and the next redirect are meaningless.

    ``ctx`` may change in the cycle after a ``redirect``, and applies to everything that is fetched
    from then on. A redirect has priority over everything else in its cycle. ``train`` is a pulse
    for each resolved instruction, and may come at any time.

    ``tlb_flush`` drops the ITLB and a refill in progress; ``flush_cache`` drops the L1I. They do
    not affect fetches that began before, so a redirect must follow. After ``flush_cache`` it may
    come before ``flush_busy`` falls.

    On ``mem`` only READ_LINE is used.
    """

    def __init__(self, params: HartParams) -> None:
        self.params = params
        super().__init__({
            "ctx": In(Context),
            "redirect": In(wiring.Signature({"valid": Out(1), "p": Out(redirect_layout(params))})),
            "train": In(wiring.Signature({"valid": Out(1), "p": Out(train_layout(params))})),
            "o": Out(stream.Signature(fetched_layout(params))),
            "tlb": Out(RefillSignature(params)),
            "tlb_flush": In(1),
            "flush_cache": In(1),
            "flush_busy": Out(1),
            "mem": Out(MemoryPortSignature(params.paddr_bits, params.line_bytes)),
            "event_icache_miss": Out(1),
            "event_itlb_miss": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        params = self.params
        m.submodules.icache = icache = ICache(params)
        m.submodules.itlb = itlb = InstructionTlb(params)
        m.submodules.predictor = predictor = Predictor(params)
        m.submodules.queue = queue = FetchQueue(params)
        m.submodules.aligner = aligner = Aligner(params)
        connect(m, icache.mem, flipped(self.mem))
        connect(m, aligner.o, flipped(self.o))
        redirect = self.redirect

        f_valid = Signal()  # f_pc has been read: the outputs of L1I and predictors belong to it
        f_pc = Signal(PC_BITS, init=params.reset_vector)
        f_waiting = Signal(Waiting)
        f_read, f_look, f_accept = Signal(), Signal(), Signal()
        restart = Signal()
        f_translated, f_fault = Signal(), Signal()
        m.d.comb += [
            f_translated.eq(itlb.hit.any()),
            f_fault.eq(itlb.fault != FetchFault.NONE),
            f_read.eq(f_valid & ~predictor.f_again),
            f_look.eq(f_read & ~queue.full),
            f_accept.eq(f_look & ~f_fault & icache.hit),
            restart.eq(aligner.restart & predictor.drop_done),
        ]

        # P
        p_en = Signal()
        m.d.comb += p_en.eq(redirect.valid | ~f_read | (f_translated & ~queue.full))
        with m.If(redirect.valid):
            m.d.sync += [f_valid.eq(1), f_pc.eq(predictor.p_pc)]
        with m.Elif(restart):
            m.d.sync += [f_valid.eq(0), f_pc.eq(aligner.a_pc), f_waiting.eq(Waiting.NOTHING)]
        with m.Elif(f_accept):
            m.d.sync += f_pc.eq(predictor.p_pc)
        with m.Elif(f_look):
            with m.If(itlb.wait):
                m.d.sync += [f_valid.eq(0), f_waiting.eq(Waiting.TLB)]
            with m.Elif(f_fault):
                m.d.sync += [f_valid.eq(0), f_waiting.eq(Waiting.REDIRECT)]
            with m.Elif(f_translated):
                m.d.sync += [f_valid.eq(0), f_waiting.eq(Waiting.LINE)]
        with m.Elif(~f_valid):
            with m.Switch(f_waiting):
                with m.Case(Waiting.NOTHING):
                    m.d.sync += f_valid.eq(1)
                with m.Case(Waiting.TLB):
                    m.d.sync += f_valid.eq(itlb.retry)
                with m.Case(Waiting.LINE):
                    m.d.sync += f_valid.eq(icache.retry)

        connect(m, itlb.tlb, flipped(self.tlb))
        index = slice(3, 3 + icache.index_bits)
        m.d.comb += [
            itlb.ctx.eq(self.ctx),
            itlb.f_page.eq(f_pc[PAGE_BITS:]),
            itlb.look.eq(f_look),
            itlb.give_up.eq(redirect.valid | restart),
            itlb.flush.eq(self.tlb_flush),
            self.event_itlb_miss.eq(itlb.refill_start),

            icache.p_en.eq(p_en),
            icache.p_index.eq(predictor.p_pc[index]),
            icache.f_index.eq(f_pc[index]),
            icache.f_ppn.eq(itlb.ppn),
            icache.f_select.eq(itlb.hit),
            icache.look.eq(f_look & f_translated & ~f_fault),
            icache.cancel.eq(redirect.valid),
            icache.flush.eq(self.flush_cache),
            self.flush_busy.eq(icache.flush_busy),
            self.event_icache_miss.eq(icache.refill_start),

            predictor.p_en.eq(p_en),
            predictor.f_valid.eq(f_valid),
            predictor.f_pc.eq(f_pc),
            predictor.f_accept.eq(f_accept),
            predictor.redirect.valid.eq(redirect.valid),
            predictor.redirect.p.eq(redirect.p),
            predictor.restart.eq(restart),
            predictor.restart_state.eq(aligner.a_state),
            predictor.train.valid.eq(self.train.valid),
            predictor.train.p.eq(self.train.p),
            predictor.drop.eq(aligner.restart),
            predictor.drop_pc.eq(aligner.a_pc),

            queue.clear.eq(redirect.valid | restart),
            queue.push.eq(f_accept | (f_look & f_fault)),
            queue.block.eq(f_pc[3:]),
            queue.data.eq(icache.data),
            queue.control.fault.eq(itlb.fault),
            queue.control.branches.eq(predictor.f_branches),
            queue.control.branches.taken.eq(predictor.f_branches.taken & ~f_fault),
            queue.detail.target.eq(predictor.f_target),
            queue.detail.state.eq(predictor.f_state),
            queue.of_next.eq(aligner.of_next),
            queue.wrapped.eq(aligner.wrapped),
            queue.pop.eq(aligner.pop),

            aligner.redirect.eq(redirect.valid),
            aligner.redirect_pc.eq(redirect.p.pc),
            aligner.head_valid.eq(queue.head_valid),
            aligner.head_block.eq(queue.head_block),
            aligner.head.eq(queue.head),
            aligner.next_valid.eq(queue.next_valid),
            aligner.next.eq(queue.next),
            aligner.detail.eq(queue.read_detail),
            aligner.halfwords.eq(queue.halfwords),
            aligner.restart_done.eq(restart),
        ]
        return m
