"""Compatible registrations: notifications named by the ids of their two sides."""

from amaranth import *
from amaranth.lib import data, enum, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from ..bits import one_hot
from .codes import Error
from .context_allocator import owner_signature
from .params import TaicParams
from .types import RecordOp, config_layout, error_layout, record_op_layout

HALF = 32  # bits of each half of a word P: channel below, process id above
TASK = 2  # number of the write with the task, after os id and word P


class Register(enum.Enum, shape=2):
    """Registers in the page of a local queue, in the order of their offsets."""

    REGISTER_SENDER = 0
    CANCEL_SENDER = 1
    REGISTER_RECEIVER = 2
    SEND_INTR = 3


class _Search(enum.Enum, shape=2):
    """The current search."""

    OWN = 0  # for the slot of the page's context that names the other side
    OWNER = 1  # for the context of the other side
    OTHER = 2  # for the other side's slot that names the page's context


def compat_request_layout(params: TaicParams) -> data.StructLayout:
    """A write of ``port`` to a register in the page of ``queue`` of ``context``."""
    return data.StructLayout({
        "port": range(params.ports),
        "context": params.context_bits,
        "queue": params.queue_bits,
        "register": Register,
        "data": 64,
    })


class Compat(wiring.Component):
    """Sender slots and receiver slots, ``params.slots`` of each in every context.

    A slot is identified by the os id and the word P of the other side. A sender slot is a
    permission to send. A receiver slot has a record with the task. It is taken by a registration,
    or by a notification that comes before the registration. If all receiver slots are taken, a
    slot is reused if its record is neither armed nor pending nor queued.

    A port writes the words of a sequence one after the other to the same register of one page. Any
    other write of the port begins a new sequence. The last word starts the work, for one sequence
    at a time. Each word is compared with the words of all slots or owners in turn. That takes
    ``2 * slots + 12`` cycles, or ``4 * slots + 2 * contexts + 22`` for SEND_INTR, and more for each
    record that is read. ``error`` reports refusals to the page:

    - NO_OWNER: its context has no owner.
    - FULL: no slot can be taken for a registration.
    - NO_SEND: no sender slot names that receiver, or the own process id does not fit into P.
    - NO_RECEIVE: there is no such receiver, or it has no slot that can be taken.

    ``record_op`` is trusted. It is an ARM into queue 0 for a registration, a SEND for the
    receiver's context, or a READ, which ``read_answer`` answers in a later cycle.

    ``forget``: the context has ended. Its slots are freed and its sequences dropped. ``forget`` is
    accepted between two sequences, and has priority over a request. After reset ``sweeping`` is
    high for ``2 * contexts`` cycles, and nothing is accepted.
    """

    def __init__(self, params: TaicParams) -> None:
        self.params = params
        super().__init__({
            "request": In(stream.Signature(compat_request_layout(params))),
            "record_op": Out(stream.Signature(record_op_layout(params))),
            "read_answer": In(data.StructLayout({"valid": 1, "data": 64})),
            "error": Out(stream.Signature(error_layout(params))),
            "owner": Out(owner_signature(params)),
            "forget": In(stream.Signature(params.context_bits)),
            "sweeping": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params = self.params
        contexts, slots = params.contexts, params.slots
        request = self.request.p

        # The sequence of writes of each port.
        page_layout = data.StructLayout({
            "context": params.context_bits, "queue": params.queue_bits, "register": Register})
        asked = Signal(page_layout)
        pages = Array(Signal(page_layout, name=f"page_{n}", reset_less=True)
                      for n in range(params.ports))
        given = Array(Signal(range(TASK + 1), name=f"given_{n}") for n in range(params.ports))
        number, last = Signal(range(TASK + 1)), Signal()
        m.d.comb += [
            asked.context.eq(request.context),
            asked.queue.eq(request.queue),
            asked.register.eq(request.register),
            number.eq(Mux(pages[request.port] == asked.as_value(), given[request.port], 0)),
            last.eq(number == Mux(asked.register == Register.REGISTER_RECEIVER, TASK, 1)),
        ]

        # The sequence in progress.
        page = Signal(page_layout, reset_less=True)
        port = Signal.like(request.port, reset_less=True)
        search = Signal(_Search)
        process = Signal()  # the second of the two words is being compared
        context = Signal(params.context_bits)  # the context that is searched
        receivers = Signal()  # its receiver slots are searched, else its sender slots
        storing = Signal()  # a slot is being taken
        error = Signal(Error, reset_less=True)

        # The two words of each slot, and the words that the ports have written. No word is read in
        # the cycle of its write.
        address_bits = max(params.context_bits + params.slot_bits, (params.ports - 1).bit_length())
        m.submodules.words = words = memory.Memory(
            shape=unsigned(64), depth=1 << address_bits + 3, init=[],
            attrs={"ram_style": "block", "no_rw_check": 1})
        write, read = words.write_port(), words.read_port()

        def of_slot(slot: Value) -> Value:
            return Cat(process, receivers, slot, context)

        def written(port: Value, number: Value) -> Value:
            word = Cat(number, port)
            return Cat(word, C(0, address_bits + 2 - len(word)), C(1, 1))

        # Taken slots: for each context, those of senders, then those of receivers.
        m.submodules.taken = taken = memory.Memory(
            shape=unsigned(slots), depth=2 * contexts, init=[], attrs={"ram_style": "distributed"})
        change, current = taken.write_port(), taken.read_port(domain="comb")
        m.d.comb += [
            current.addr.eq(Cat(receivers, context)),
            change.addr.eq(current.addr),
        ]

        # The comparison. A slot counts if it is taken, and an owner if the context is owned, when
        # the first word is compared. Neither can change hands before the sequence has finished.
        widest = max(contexts, slots)
        key, word = Signal(64, reset_less=True), Signal(64)
        index = Signal(range(widest))
        following = (index + 1)[:len(index)]
        match = Signal(widest, reset_less=True)  # results for the first word; the latest on top
        first_found = Signal(range(widest), reset_less=True)
        first_free = Signal(params.slot_bits, reset_less=True)
        slot = Signal(params.slot_bits, reset_less=True)
        found, free = Signal(), Signal()
        owners, owned, present = Signal(), Signal(), Signal()
        use_owner = Signal()
        m.d.comb += [
            owners.eq(search == _Search.OWNER),
            owned.eq(self.owner.valid.bit_select(index[:params.context_bits], 1)),
            present.eq(Mux(owners, owned,
                           current.data.bit_select(index[:params.slot_bits], 1))),
            use_owner.eq(owners),
            word.eq(Mux(use_owner, self.owner.word, read.data)),
        ]

        record_op = self.record_op.p
        m.d.comb += [
            read.addr.eq(written(port, Cat(process, C(0, 1)))),
            self.owner.context.eq(page.context),
            self.owner.process.eq(process),
            write.addr.eq(of_slot(slot)),
            write.data.eq(key),
            record_op.op.eq(Mux(receivers & (search == _Search.OWN), RecordOp.ARM, RecordOp.SEND)),
            record_op.record.eq(params.first_slot_record + Cat(slot, context)),
            record_op.context.eq(context),
            record_op.trusted.eq(1),
            record_op.data.eq(read.data),
            self.error.p.context.eq(page.context),
            self.error.p.queue.eq(page.queue),
            self.error.p.bits.eq(error),
        ]

        with m.FSM():
            with m.State("SWEEP"):
                m.d.comb += [self.sweeping.eq(1), change.en.eq(1)]
                m.d.sync += Cat(receivers, context).eq(Cat(receivers, context) + 1)
                with m.If(receivers & context.all()):
                    m.next = "IDLE"

            with m.State("IDLE"):
                m.d.comb += [
                    self.request.ready.eq(~self.forget.valid),
                    write.addr.eq(written(request.port, number)),
                    write.data.eq(request.data),
                    write.en.eq(self.request.valid),
                ]
                m.d.sync += [
                    port.eq(request.port),
                    page.eq(asked),
                    search.eq(_Search.OWN),
                    process.eq(0),
                    storing.eq(0),
                    context.eq(request.context),
                    index.eq(request.context),
                    receivers.eq(asked.register == Register.REGISTER_RECEIVER),
                ]
                with m.If(self.forget.valid):
                    m.d.sync += [context.eq(self.forget.p), receivers.eq(0)]
                    m.next = "FORGET"
                with m.Elif(self.request.valid):
                    m.d.sync += [
                        pages[request.port].eq(asked),
                        given[request.port].eq(Mux(last, 0, number + 1)),
                    ]
                    with m.If(last):
                        m.next = "START"

            with m.State("FORGET"):
                m.d.comb += [change.en.eq(1), self.forget.ready.eq(receivers)]
                m.d.sync += receivers.eq(1)
                for n in range(params.ports):
                    with m.If(pages[n].context == context):
                        m.d.sync += given[n].eq(0)
                with m.If(receivers):
                    m.next = "IDLE"

            with m.State("START"):
                m.d.sync += error.eq(Error.NO_OWNER)
                with m.If(owned):
                    m.next = "LOAD"
                with m.Else():
                    m.next = "ERROR"

            # Compare one word after the other with those of all slots or owners.
            with m.State("LOAD"):
                m.next = "KEY"
            with m.State("KEY"):
                m.d.comb += [
                    read.addr.eq(of_slot(C(0, params.slot_bits))),
                    self.owner.context.eq(0),
                ]
                m.d.comb += use_owner.eq((search == _Search.OTHER) & ~process)
                m.d.sync += [key.eq(word), index.eq(0)]
                with m.If(owners & process):
                    m.d.sync += key.eq(word[HALF:])
                with m.If((search == _Search.OTHER) & process):
                    m.d.sync += key[HALF:].eq(self.owner.word)
                with m.If(storing):
                    m.next = "STORE"
                with m.Elif((search == _Search.OTHER) & process
                            & self.owner.word[HALF:].any()):
                    m.d.sync += error.eq(Error.NO_SEND)
                    m.next = "ERROR"
                with m.Else():
                    m.d.sync += [first_free.eq(0), found.eq(0), free.eq(0)]
                    m.next = "SCAN"
            with m.State("SCAN"):
                m.d.comb += [
                    read.addr.eq(of_slot(following[:params.slot_bits])),
                    self.owner.context.eq(following),
                ]
                before = Mux(owners, match[widest - contexts], match[widest - slots])
                equal = key == word
                m.d.sync += [
                    match.eq(Cat(match[1:], equal & present)),
                    index.eq(following),
                ]
                with m.If(~found):
                    m.d.sync += [first_found.eq(index), found.eq(process & equal & before)]
                with m.If(~present & ~free):
                    m.d.sync += [first_free.eq(index), free.eq(1)]
                with m.If(index == Mux(owners, contexts - 1, slots - 1)):
                    m.d.sync += process.eq(1)
                    with m.If(process):
                        m.next = "FOUND"
                    with m.Else():
                        m.next = "LOAD"

            with m.State("FOUND"):
                m.d.sync += slot.eq(Mux(found, first_found, first_free))
                with m.If(owners):
                    m.d.sync += [
                        error.eq(Error.NO_RECEIVE),
                        context.eq(first_found),
                        receivers.eq(1),
                        process.eq(0),
                        search.eq(_Search.OTHER),
                    ]
                    with m.If(found):
                        m.next = "LOAD"
                    with m.Else():
                        m.next = "ERROR"
                with m.Elif(page.register == Register.CANCEL_SENDER):
                    m.d.comb += [
                        change.data.eq(
                            current.data & ~one_hot(first_found[:params.slot_bits], found)),
                        change.en.eq(1),
                    ]
                    m.next = "IDLE"
                with m.Elif((search == _Search.OWN) & (page.register == Register.SEND_INTR)):
                    m.d.sync += [
                        error.eq(Error.NO_SEND),
                        process.eq(0),
                        search.eq(_Search.OWNER),
                    ]
                    with m.If(found):
                        m.next = "LOAD"
                    with m.Else():
                        m.next = "ERROR"
                with m.Else():
                    m.d.sync += error.eq(
                        Mux(search == _Search.OWN, Error.FULL, Error.NO_RECEIVE))
                    with m.If(found):
                        m.next = "FETCH"
                        with m.If(~receivers):
                            m.next = "IDLE"
                    with m.Elif(free):
                        m.next = "STORE"
                    with m.Elif(receivers):
                        m.next = "PROBE"
                    with m.Else():
                        m.next = "ERROR"

            # Search for a slot that can be reused.
            with m.State("PROBE"):
                m.d.comb += [self.record_op.valid.eq(1), record_op.op.eq(RecordOp.READ)]
                with m.If(self.record_op.ready):
                    m.next = "PROBED"
            with m.State("PROBED"):
                config = data.View(config_layout(), self.read_answer.data[:config_layout().size])
                with m.If(self.read_answer.valid):
                    with m.If(~(config.armed | config.pending | config.queued)):
                        m.next = "STORE"
                    with m.Elif(slot.all()):
                        m.next = "ERROR"
                    with m.Else():
                        m.d.sync += slot.eq(slot + 1)
                        m.next = "PROBE"

            # Write the words of the slot, the second one first.
            with m.State("STORE"):
                m.d.comb += write.en.eq(1)
                m.d.sync += [process.eq(0), storing.eq(1)]
                with m.If(process):
                    m.next = "LOAD"
                with m.Else():
                    m.d.comb += [change.data.eq(current.data | one_hot(slot, 1)), change.en.eq(1)]
                    with m.If(receivers):
                        m.next = "FETCH"
                    with m.Else():
                        m.next = "IDLE"

            with m.State("FETCH"):
                m.d.comb += read.addr.eq(written(port, C(TASK, 2)))
                m.next = "NOTIFY"
            with m.State("NOTIFY"):
                m.d.comb += [
                    read.addr.eq(written(port, C(TASK, 2))),
                    self.record_op.valid.eq(1),
                ]
                with m.If(self.record_op.ready):
                    m.next = "IDLE"

            with m.State("ERROR"):
                m.d.comb += self.error.valid.eq(1)
                with m.If(self.error.ready):
                    m.next = "IDLE"
        return m
