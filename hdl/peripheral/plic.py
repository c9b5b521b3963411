"""Platform-level interrupt controller, as the RISC-V PLIC specification defines it."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..bus.mmio import MmioSignature
from . import mmio
from .plic_select import PRIORITY_BITS, PriorityRounds

ADDR_BITS = 26
WORD = 32


class Priority(mmio.Register, access="rw"):
    """Priority of source ``n``; 0 never interrupts. Element 0 is reserved and reads 0."""

    fields = {"priority": mmio.Field(PRIORITY_BITS, "0 to 7, higher is more urgent")}


class Pending(mmio.Register, access="r"):
    """Bit ``b`` of word ``w``: source ``32 * w + b`` is pending, and has not been claimed."""

    fields = {"pending": mmio.Field(WORD, "a bit for each source")}


class Enable(mmio.Register, access="rw"):
    """Bit ``b`` of word ``w``: source ``32 * w + b`` interrupts context ``n``."""

    fields = {"enable": mmio.Field(WORD, "a bit for each source; bit 0 of word 0 reads 0")}


class Threshold(mmio.Register, access="rw"):
    """Only priorities above this value interrupt context ``n``."""

    fields = {"threshold": mmio.Field(PRIORITY_BITS, "0 to 7")}


class Claim(mmio.Register, access="rw"):
    """Claim (read) and completion (write) of context ``n``.

    A read gives the enabled pending source of highest priority, or 0 if there is none. It ignores
    the threshold; among equals the lowest number has priority. Side effect: the read clears the
    pending bit of that source. Writing the number of a source that is enabled for the context
    completes it; other values are ignored. A source becomes pending again only after its
    completion.
    """

    fields = {"source": mmio.Field(10, "number of the source, 0 for none")}


def plic_registers(sources: int, contexts: int) -> mmio.RegisterMap:
    """The register map for sources 1 to ``sources - 1``."""
    registers = mmio.RegisterMap(addr_bits=ADDR_BITS)
    words = range(-(-sources // WORD))
    registers.add("priority", Priority(), offset=0, count=sources)
    for word in words:
        registers.add(f"pending{word}", Pending(), offset=0x1000 + 4 * word)
    for word in words:
        registers.add(f"enable{word}", Enable(), offset=0x2000 + 4 * word, count=contexts,
                      stride=0x80)
    registers.add("threshold", Threshold(), offset=0x20_0000, count=contexts, stride=0x1000)
    registers.add("claim", Claim(), offset=0x20_0004, count=contexts, stride=0x1000)
    return registers


class Plic(wiring.Component):
    """Distributes level-sensitive ``sources`` (bit 0 is not used) to ``contexts``.

    Each source has a gateway: a high level makes the source pending, and is ignored from the claim
    to the completion. One search serves all contexts in turn, so ``irq`` follows a change after at
    most ``contexts + 8`` cycles. A claim enters the search for its context, and is answered after 5
    cycles from the sources that were pending and enabled when it came. It lowers the ``irq`` of its
    context at once; the search raises it again if another source is pending. Other reads are
    answered after one cycle.
    """

    def __init__(self, *, sources: int, contexts: int) -> None:
        if not 2 <= sources <= 64:
            raise ValueError(f"sources must be 2 to 64, not {sources!r}")
        if not 1 <= contexts <= 64:
            raise ValueError(f"contexts must be 1 to 64, not {contexts!r}")
        self.sources, self.contexts = sources, contexts
        self._bridge = mmio.Bridge(plic_registers(sources, contexts), deferred=("claim",))
        super().__init__({
            "bus": In(MmioSignature(ADDR_BITS)),
            "source_lines": In(sources),
            "irq": Out(contexts),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.bridge = regs = self._bridge
        connect(m, flipped(self.bus), regs.bus)
        words = -(-self.sources // WORD)
        exists = (1 << self.sources) - 2

        lines = Signal(self.sources)
        pending, in_service = Signal(self.sources), Signal(self.sources)
        claimed, completed = Signal(self.sources), Signal(self.sources)
        m.d.sync += [
            lines.eq(self.source_lines & exists),
            pending.eq((pending | lines & ~in_service) & ~claimed),
            in_service.eq((in_service | claimed) & ~completed),
        ]
        for word in range(words):
            m.d.comb += regs[f"pending{word}"].r_data.pending.eq(pending.word_select(word, WORD))

        # priority bit ``b`` of all sources together, as the search uses them
        planes = [Signal(self.sources, name=f"priority_{b}") for b in range(PRIORITY_BITS)]
        priority = regs["priority"]
        for bit, plane in enumerate(planes):
            of_source = plane.bit_select(priority.index, 1)
            m.d.comb += priority.r_data.priority[bit].eq(of_source)
            with m.If(priority.write & (priority.index != 0)):
                m.d.sync += of_source.eq(priority.w_data.priority[bit])

        enables = Array(Signal(self.sources, name=f"enable_{c}") for c in range(self.contexts))
        for word in range(words):
            port = regs[f"enable{word}"]
            part = slice(word * WORD, min(self.sources, (word + 1) * WORD))
            m.d.comb += port.r_data.enable.eq(enables[port.index][part])
            with m.If(port.write):
                m.d.sync += enables[port.index][part].eq(
                    port.w_data.enable & (exists >> part.start))

        threshold = regs["threshold"]
        thresholds = Array(Signal(PRIORITY_BITS, name=f"threshold_{c}")
                           for c in range(self.contexts))
        m.d.comb += threshold.r_data.threshold.eq(thresholds[threshold.index])
        with m.If(threshold.write):
            m.d.sync += thresholds[threshold.index].eq(threshold.w_data.threshold)

        # the search: a claim enters it in place of the next context of the round
        claim = regs["claim"]
        m.submodules.search = search = PriorityRounds(self.sources, range(self.contexts))
        turn = Signal(range(self.contexts))
        claiming, claimant = Signal(), Signal(range(self.contexts))
        m.d.sync += claiming.eq(claim.read)
        with m.If(claim.read):
            m.d.sync += claimant.eq(claim.index)
        m.d.comb += [
            search.i.context.eq(Mux(claiming, claimant, turn)),
            search.i.claim.eq(claiming),
            search.i.candidates.eq(pending & enables[search.i.context]),
            search.planes.eq(Cat(planes)),
        ]
        with m.If(~claiming):
            m.d.sync += turn.eq(Mux(turn == self.contexts - 1, 0, turn + 1))
        found = search.o
        claim_done = found.valid & found.claim
        m.d.comb += [
            claim.done.eq(claim_done),
            claim.r_data.source.eq(found.source),
            search.drop.eq(claim_done),
            claimed.eq(Mux(claim_done, found.chosen, 0)),
        ]
        with m.If(found.valid):
            m.d.sync += self.irq.bit_select(found.context, 1).eq(
                ~found.claim & (found.level > thresholds[found.context]))
        with m.If(claim.write & (claim.w_data.source < self.sources)):
            number = claim.w_data.source[:(self.sources - 1).bit_length()]
            m.d.comb += completed.eq((1 << number) & enables[claim.index])
        return m
