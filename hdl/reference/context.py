"""One context of the reference structure: queues, slots, and one state machine for all of it."""

from functools import reduce
from operator import or_

from amaranth import *
from amaranth.lib import data, enum, stream, wiring
from amaranth.lib.wiring import In, Out

from .shift_array import ShiftArray

WORD = 64
PAIR = data.StructLayout({"os": WORD, "process": WORD})  # process id << 32 | channel
PREEMPT, KEEP = 0, 1  # bits of a task


class Register(enum.Enum, shape=6):
    """Number of a register in the page of a local queue; from LINES on there is one a line."""

    ENQUEUE = 0
    DEQUEUE = 1
    ERROR = 2
    REGISTER_SENDER = 3
    CANCEL_SENDER = 4
    REGISTER_RECEIVER = 5
    SEND = 6
    HART = 7


LINES = 8


class Slots(wiring.Component):
    """Pairs in registers, all compared with ``pair`` at once; with ``task_bits`` a word for each.

    ``put`` overwrites the pair that matches, else takes the lowest free slot; ``drop`` frees the
    one that matches.
    """

    def __init__(self, *, count: int, task_bits: int) -> None:
        self.count, self.task_bits = count, task_bits
        super().__init__({
            "pair": In(PAIR),
            "task": In(task_bits),
            "put": In(1),
            "drop": In(1),
            "clear": In(1),
            "hit": Out(1),
            "found": Out(task_bits),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        valid, hits = Signal(self.count), Signal(self.count)
        free = ~valid & (valid + 1)
        target = Signal(self.count)
        m.d.comb += [self.hit.eq(hits.any()), target.eq(Mux(self.hit, hits, free))]
        found = []
        for n in range(self.count):
            pair = Signal(PAIR, name=f"pair_{n}", reset_less=True)
            task = Signal(self.task_bits, name=f"task_{n}", reset_less=True)
            m.d.comb += hits[n].eq(valid[n] & (pair == self.pair))
            with m.If(self.put & target[n]):
                m.d.sync += [pair.eq(self.pair), task.eq(self.task)]
            found.append(Mux(hits[n], task, 0))
        m.d.comb += self.found.eq(reduce(or_, found))
        with m.If(self.put):
            m.d.sync += valid.eq(valid | target)
        with m.If(self.drop):
            m.d.sync += valid.eq(valid & ~hits)
        with m.If(self.clear):
            m.d.sync += valid.eq(0)
        return m


class Context(wiring.Component):
    """Queues and slots behind a state machine that does one thing at a time.

    An access is of the register ``request.p.register`` of queue ``request.p.queue``; a read is
    answered by ``answer``. ``notified`` wakes the task of a receiver slot, ``lines`` those of the
    line slots at a rising edge. ``message`` is for another context; a SEND waits for the one before
    to be taken, while all else goes on.
    """

    def __init__(self, *, queues: int, tasks: int, slots: int, lines: int) -> None:
        self.queues, self.tasks, self.slots, self.lines_count = queues, tasks, slots, lines
        super().__init__({
            "request": In(stream.Signature(data.StructLayout({
                "write": 1, "register": 6, "queue": range(queues), "data": WORD}))),
            "answer": Out(wiring.Signature({"valid": Out(1), "data": Out(WORD)})),
            "allocated": In(queues),
            "clear": In(1),
            "lines": In(lines),
            "notified": In(stream.Signature(PAIR)),
            "message": Out(stream.Signature(PAIR)),
            "interrupt": Out(1),
            "hart": Out(WORD),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.array = array = ShiftArray(
            queues=self.queues, places=self.tasks, word_bits=WORD)
        m.submodules.senders = senders = Slots(count=self.slots, task_bits=0)
        m.submodules.receivers = receivers = Slots(count=self.slots, task_bits=WORD)
        request, answer = self.request.p, self.answer

        # Slots of lines, and edges not yet served.
        line_tasks = Array(Signal(WORD, name=f"line_task_{n}") for n in range(self.lines_count))
        before, edges = Signal(self.lines_count), Signal(self.lines_count)
        serve = Signal(range(self.lines_count))
        served = Signal(self.lines_count)
        for n in reversed(range(self.lines_count)):
            with m.If(edges[n]):
                m.d.comb += serve.eq(n)
        m.d.sync += [
            before.eq(self.lines),
            edges.eq(edges & ~served | self.lines & ~before),
        ]

        errors = Signal(5)
        first, second = Signal(WORD, reset_less=True), Signal(WORD, reset_less=True)
        written = Signal(2)  # words of a sequence
        pair = Signal(PAIR)
        last = Signal()
        writes = {register: Signal(name=f"writes_{register.name}") for register in Register}
        wants_receiver = request.register == Register.REGISTER_RECEIVER
        m.d.comb += [
            pair.os.eq(first),
            pair.process.eq(Mux(wants_receiver, second, request.data)),
            last.eq(written == 1 + wants_receiver),
            senders.pair.eq(pair),
            senders.put.eq(writes[Register.REGISTER_SENDER] & last),
            senders.drop.eq(writes[Register.CANCEL_SENDER] & last),
            receivers.pair.eq(Mux(self.notified.valid, self.notified.p, pair)),
            receivers.task.eq(request.data),
            receivers.put.eq(writes[Register.REGISTER_RECEIVER] & last & ~self.notified.valid),
        ]

        task, queue = Signal(WORD, reset_less=True), Signal(range(self.queues))
        woken, ahead, empty = Signal(), Signal(), Signal()
        counts = [array.counts[n] for n in range(self.queues)]
        m.d.comb += [array.queue.eq(queue), array.word.eq(task)]

        sending = Signal()  # while the message before is not taken
        m.d.comb += sending.eq(self.message.valid & request.write
                               & (request.register == Register.SEND))
        with m.If(self.message.ready):
            m.d.sync += self.message.valid.eq(0)

        def wake(word: Value) -> None:
            m.d.sync += [task.eq(word), queue.eq(0), woken.eq(1), ahead.eq(word[PREEMPT])]
            m.next = "INSERT"

        with m.FSM():
            with m.State("IDLE"):
                with m.If(self.notified.valid):
                    m.d.comb += self.notified.ready.eq(1)
                    with m.If(receivers.hit):
                        wake(receivers.found)
                        m.d.comb += receivers.drop.eq(~receivers.found[KEEP])
                    with m.Else():
                        m.d.sync += errors[3].eq(1)
                with m.Elif(self.request.valid & ~sending):
                    m.d.comb += self.request.ready.eq(1)
                    m.d.sync += [task.eq(request.data), queue.eq(request.queue), woken.eq(0),
                                 ahead.eq(0)]
                    with m.If(request.write):
                        with m.Switch(request.register):
                            for register, write in writes.items():
                                with m.Case(register):
                                    m.d.comb += write.eq(1)
                        with m.If(request.register == Register.ENQUEUE):
                            m.next = "INSERT"
                        with m.Elif(request.register >= LINES):
                            m.d.sync += line_tasks[request.register - LINES].eq(request.data)
                        with m.Elif(request.register == Register.HART):
                            m.d.sync += self.hart.eq(request.data)
                        with m.Else():
                            m.d.sync += [
                                written.eq(Mux(last, 0, written + 1)),
                                second.eq(request.data),
                            ]
                            with m.If(written == 0):
                                m.d.sync += first.eq(request.data)
                            with m.If(writes[Register.SEND] & last):
                                m.next = "SEND"
                    with m.Elif(request.register == Register.DEQUEUE):
                        m.next = "CHOOSE"
                    with m.Else():
                        m.d.comb += [answer.valid.eq(1), answer.data.eq(errors)]
                        m.d.sync += errors.eq(0)
                with m.Elif(edges.any()):
                    m.d.comb += served.eq(1 << serve)
                    with m.If(line_tasks[serve].any()):
                        wake(line_tasks[serve])
                        with m.If(~line_tasks[serve][KEEP]):
                            m.d.sync += line_tasks[serve].eq(0)

            with m.State("INSERT"):
                m.d.sync += array.place.eq(
                    array.heads[queue] + Mux(ahead, 0, array.counts[queue]))
                m.next = "INSERT_NOW"
                with m.If(array.full):
                    m.d.sync += errors[0].eq(1)
                    m.next = "IDLE"
            with m.State("INSERT_NOW"):
                m.d.comb += array.insert.eq(1)
                with m.If(woken & task[PREEMPT]):
                    m.d.sync += self.interrupt.eq(1)
                m.next = "IDLE"

            with m.State("CHOOSE"):  # the own queue, else the lowest that is not empty
                chosen = Signal(range(self.queues))
                m.d.comb += chosen.eq(0)
                for n in reversed(range(self.queues)):
                    with m.If(counts[n].any()):
                        m.d.comb += chosen.eq(n)
                with m.If(array.counts[queue].any() & ~self.interrupt):
                    m.d.comb += chosen.eq(queue)
                allocated = self.allocated.bit_select(queue, 1)
                with m.If(~allocated):
                    m.d.sync += errors[4].eq(1)
                m.d.sync += [
                    queue.eq(chosen),
                    array.place.eq(array.heads[chosen]),
                    empty.eq(~array.counts[chosen].any() | ~allocated),
                    self.interrupt.eq(0),
                ]
                m.next = "REMOVE"
            with m.State("REMOVE"):
                m.d.comb += [
                    array.remove.eq(~empty),
                    answer.valid.eq(1),
                    answer.data.eq(Mux(empty, 0, array.found)),
                ]
                m.next = "IDLE"

            with m.State("SEND"):
                m.d.comb += senders.pair.eq(Cat(first, second))
                m.d.sync += self.message.p.eq(Cat(first, second))
                with m.If(senders.hit):
                    m.d.sync += self.message.valid.eq(1)
                with m.Else():
                    m.d.sync += errors[2].eq(1)
                m.next = "IDLE"

        with m.If(self.clear):
            m.d.sync += [self.interrupt.eq(0), self.hart.eq(-1), edges.eq(0), written.eq(0)]
            m.d.sync += [line_task.eq(0) for line_task in line_tasks]
        m.d.comb += [
            array.clear.eq(self.clear),
            senders.clear.eq(self.clear),
            receivers.clear.eq(self.clear),
        ]
        return m
