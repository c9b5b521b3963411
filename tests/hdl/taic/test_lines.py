"""No edge of a line is lost or reported twice, and no context is told of a line without a grant."""

import random

import cocotb
import pytest
from cocotb.triggers import FallingEdge, Timer

from hdl.taic.codes import Error
from hdl.taic.lines import Lines, arm_layout
from hdl.taic.params import TaicParams
from hdl.taic.types import RecordOp, error_layout, record_op_layout
from tests.support.clock import start
from tests.support.layouts import pack, unpack
from tests.support.offer import Offer
from tests.support.pauses import bursts, never, often
from tests.support.run import run_cocotb

CONFIGURATIONS = {
    "small": TaicParams(contexts=2, queues=2, tasks=64, channels=8, lines=2, slots=2),
    "default": TaicParams(),
}
SEND, ARM, LEVEL, REFUSED = "send", "arm", "level", "refused"


class Bench:
    """Drives all ports one cycle at a time and keeps the outputs in ``log``.

    An entry of the log is (cycle, SEND or LEVEL, line, context), (cycle, ARM, line, context, queue,
    task) or (cycle, REFUSED, context, queue).
    """

    def __init__(self, dut, takes=never):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.params = CONFIGURATIONS[cocotb.plusargs["configuration"]]
        self.takes = [takes(self.rng) for _ in range(2)]
        self.log, self.cycles, self.lines = [], 0, 0
        self.grants = [0] * self.params.lines
        self.owned = (1 << self.params.contexts) - 1

    async def start(self):
        dut = self.dut
        for port in (dut.line, dut.simulate__valid, dut.arm__valid, dut.record_op__ready,
                     dut.error__ready, dut.grant_write, dut.grant_read, dut.grant_line,
                     dut.forget):
            port.value = 0
        dut.owned.value = self.owned
        self.offers = {name: Offer(dut, name) for name in ("record_op", "error")}
        await start(dut)
        cycles = 0
        while int(dut.sweeping.value):
            await FallingEdge(dut.clk)
            cycles += 1
        assert cycles <= self.params.lines
        for line in range(self.params.lines):
            await self.grant(line, self.owned)

    async def cycle(self):
        """Runs from one falling edge to the next. Returns whether ``simulate`` and ``arm`` were
        accepted."""
        dut = self.dut
        ready = [not next(pause) for pause in self.takes]
        dut.record_op__ready.value, dut.error__ready.value = ready
        await Timer(1, "ns")
        for name, layout, taken in (("record_op", record_op_layout, ready[0]),
                                    ("error", error_layout, ready[1])):
            payload = self.offers[name].look(taken)
            if payload is not None:
                getattr(self, f"_{name}")(unpack(layout(self.params), payload))
        accepted = [int(valid.value) and int(ready.value) for valid, ready in (
            (dut.simulate__valid, dut.simulate__ready), (dut.arm__valid, dut.arm__ready))]
        await FallingEdge(dut.clk)
        self.cycles += 1
        return accepted

    def _record_op(self, op):
        line, context = divmod(op["record"] - self.params.first_line_record, self.params.contexts)
        assert 0 <= line < self.params.lines and context == op["context"] and op["trusted"]
        if op["op"] == RecordOp.ARM.value:
            self.log.append((self.cycles, ARM, line, context, op["queue"], op["data"]))
        else:
            assert op["op"] == RecordOp.SEND.value and op["data"] in (0, 1)
            self.log.append((self.cycles, (SEND, LEVEL)[op["data"]], line, context))

    def _error(self, error):
        assert error["bits"] == Error.NO_RECEIVE.value
        self.log.append((self.cycles, REFUSED, error["context"], error["queue"]))

    async def run(self, cycles):
        for _ in range(cycles):
            await self.cycle()

    async def grant(self, line, contexts):
        dut = self.dut
        self.grants[line] = contexts
        layout = Lines(self.params).signature.members["grant_write"].shape
        dut.grant_write.value = pack(layout, {"en": 1, "line": line, "contexts": contexts})
        await self.cycle()
        dut.grant_write.value = 0

    async def shown(self, line):
        self.dut.grant_line.value = line
        self.dut.grant_read.value = 1
        await Timer(1, "ns")
        grant = int(self.dut.grant.value)
        await self.cycle()
        self.dut.grant_read.value = 0
        return grant

    async def arm(self, line, context, queue, task):
        dut = self.dut
        dut.arm__payload.value = pack(arm_layout(self.params), {
            "line": line, "context": context, "queue": queue, "task": task})
        dut.arm__valid.value = 1
        while not (await self.cycle())[1]:
            pass
        dut.arm__valid.value = 0

    async def simulate(self, line):
        self.dut.simulate__payload.value = line
        self.dut.simulate__valid.value = 1
        while not (await self.cycle())[0]:
            pass
        self.dut.simulate__valid.value = 0

    def set(self, lines):
        self.lines = lines
        self.dut.line.value = lines

    def granted(self, line):
        listens = self.grants[line] & self.owned
        return [c for c in range(self.params.contexts) if listens >> c & 1]

    def take(self):
        """Returns the log since the last call, without cycles."""
        log, self.log = self.log, []
        return [entry[1:] for entry in log]


def sends(bench, *lines):
    return [(SEND, line, context) for line in lines for context in bench.granted(line)]


@cocotb.test()
async def an_edge_is_told_of_from_the_next_cycle_on_a_context_a_cycle(dut):
    bench = Bench(dut)
    contexts = bench.params.contexts
    await bench.start()
    for line in range(bench.params.lines):
        bench.set(1 << line)
        begin = bench.cycles
        await bench.run(contexts + 4)
        assert [entry[0] for entry in bench.log] == list(range(begin + 1, begin + 1 + contexts))
        assert bench.take() == sends(bench, line)
        begin = bench.cycles
        await bench.simulate(line)
        await bench.run(contexts + 4)
        assert bench.log[0][0] == begin + 1
        assert bench.take() == sends(bench, line)  # a line that stays high has no edge
        bench.set(0)
        await bench.run(4)
        assert not bench.log


@cocotb.test()
async def only_contexts_with_a_grant_hear_of_a_line(dut):
    bench = Bench(dut)
    params, rng = bench.params, bench.rng
    everybody = (1 << params.contexts) - 1
    await bench.start()
    for line in range(params.lines):
        assert await bench.shown(line) == everybody
    for line in range(params.lines):
        await bench.grant(line, rng.choice((0, everybody, rng.getrandbits(params.contexts))))
    for line in range(params.lines):
        assert await bench.shown(line) == bench.grants[line]
        bench.set(1 << line)
        await bench.run(params.contexts + 4)
        assert bench.take() == sends(bench, line)
    bench.set(0)
    for line in range(params.lines):
        for context in range(params.contexts):
            queue, task = rng.randrange(params.queues), rng.getrandbits(64)
            await bench.arm(line, context, queue, task)
            if context in bench.granted(line):
                assert bench.take() == [(ARM, line, context, queue, task)]
            else:
                assert bench.take() == [(REFUSED, context, queue)]


@cocotb.test()
async def nothing_is_granted_after_a_reset(dut):
    """TAIC-7.6"""
    bench = Bench(dut)
    await bench.start()
    await bench.start()
    for line in range(bench.params.lines):
        assert await bench.shown(line) == (1 << bench.params.contexts) - 1
    await start(dut)
    while int(dut.sweeping.value):
        assert not int(dut.grant_ready.value)
        await FallingEdge(dut.clk)
    for line in range(bench.params.lines):
        assert await bench.shown(line) == 0


@cocotb.test()
async def a_context_without_an_owner_hears_of_no_line(dut):
    """TAIC-7.7: neither of the rest of a service nor of a new edge, and it cannot arm."""
    bench = Bench(dut)
    await bench.start()
    last = bench.params.contexts - 1
    bench.set(1)
    await bench.run(1)
    dut.owned.value = bench.owned = 1
    await bench.run(bench.params.contexts + 4)
    assert bench.take() == [(SEND, 0, 0)]
    await bench.simulate(1)
    await bench.run(bench.params.contexts + 4)
    assert bench.take() == [(SEND, 1, 0)]
    dut.owned.value = bench.owned = 1 | 1 << last
    await bench.run(bench.params.contexts + 4)
    assert not bench.log, "told of an event before its owner came"
    dut.owned.value = bench.owned = 1
    await bench.arm(1, last, 0, 4)
    assert bench.take() == [(REFUSED, last, 0)]


@cocotb.test()
async def the_grants_of_a_context_end_with_it(dut):
    """TAIC-7.6: those of the others stay, and no line is lost meanwhile."""
    bench = Bench(dut)
    params = bench.params
    await bench.start()
    layout = Lines(params).signature.members["forget"].shape
    for context in (1, params.contexts - 1):
        dut.forget.value = pack(layout, {"valid": 1, "context": context})
        await bench.cycle()
        dut.forget.value = 0
        bench.set(bench.lines ^ 1)
        cycles = 0
        while not int(dut.grant_ready.value):
            await bench.cycle()
            cycles += 1
        assert cycles == params.lines
        bench.grants = [contexts & ~(1 << context) for contexts in bench.grants]
        await bench.run(params.contexts + 4)
        assert bench.take() == (sends(bench, 0) if bench.lines else [])
        for line in range(params.lines):
            assert await bench.shown(line) == bench.grants[line]


@cocotb.test()
async def the_lowest_line_is_served_first(dut):
    bench = Bench(dut)
    await bench.start()
    bench.set((1 << bench.params.lines) - 1)
    await bench.run(bench.params.lines * (bench.params.contexts + 2))
    assert bench.take() == sends(bench, *range(bench.params.lines))


@cocotb.test()
async def an_edge_while_its_line_is_served_is_served_again(dut):
    """Tests an edge in every cycle of the service. Another edge while one waits merges with it."""
    bench = Bench(dut)
    await bench.start()
    last = bench.params.lines - 1
    for after in range(1, bench.params.contexts + 2):
        bench.set(1 << last)
        await bench.run(after)
        bench.set(0)
        await bench.run(1)
        bench.set(1 << last)
        await bench.run(1)
        bench.set(0)
        if 2 <= after < bench.params.contexts - 1:
            await bench.run(1)
            bench.set(1 << last)
            await bench.run(1)
            bench.set(0)
        await bench.run(2 * bench.params.contexts + 8)
        assert bench.take() == sends(bench, last, last)


@cocotb.test()
async def a_line_that_is_high_and_served_tells_who_arms(dut):
    bench = Bench(dut)
    await bench.start()
    line, context, task = 1, bench.params.contexts - 1, 0x1234_5678_9ABC_DEF0
    armed = (ARM, line, context, 1, task)
    await bench.arm(line, context, 1, task)
    assert bench.take() == [armed]
    bench.set(1 << line)
    await bench.run(bench.params.contexts + 4)
    assert bench.take() == sends(bench, line)
    await bench.arm(line, context, 1, task)
    assert bench.take() == [armed, (LEVEL, line, context)]
    await bench.arm(0, context, 1, task)
    assert bench.take() == [(ARM, 0, context, 1, task)]
    bench.set(0)
    await bench.run(1)
    await bench.arm(line, context, 1, task)
    assert bench.take() == [armed]


@cocotb.test()
@cocotb.parametrize(busy=[0, 1])
async def an_arm_while_the_line_rises_hears_of_it_once(dut, busy):
    """Tests an edge in every cycle around the ARM. After the ARM, either the edge or the level is
    reported, once.

    With ``busy``, another line is being served when the line rises.
    """
    bench = Bench(dut)
    await bench.start()
    line, contexts = 1, bench.params.contexts
    for distance in range(contexts + 6):
        dut.arm__payload.value = pack(arm_layout(bench.params), {
            "line": line, "context": 0, "queue": 0, "task": 4})
        armed = None
        for cycle in range(3 * contexts + 20):
            if busy and cycle == contexts + 3:
                bench.set(1)
            if cycle == contexts + 4:
                bench.set(1 << line | busy)
            if cycle == distance + 2:
                dut.arm__valid.value = 1
            if (await bench.cycle())[1]:
                dut.arm__valid.value = 0
        log = [entry for entry in bench.take() if entry[1:3] == (line, 0)]
        armed = log.index((ARM, line, 0, 0, 4))
        told = [entry[0] for entry in log[armed:]].count(SEND)
        levels = log.count((LEVEL, line, 0))
        assert told + levels == 1, f"{log} at {distance}"
        assert log.count((SEND, line, 0)) == 1
        bench.set(0)
        await bench.run(4)


@cocotb.test()
async def arms_in_a_row_keep_no_line_waiting(dut):
    bench = Bench(dut)
    await bench.start()
    dut.arm__payload.value = pack(arm_layout(bench.params), {"line": 0, "context": 1, "task": 4})
    dut.arm__valid.value = 1
    await bench.run(8)
    for line in reversed(range(bench.params.lines)):
        begin = bench.cycles
        bench.set(1 << line)
        await bench.run(bench.params.contexts + 8)
        first = next(entry for entry in bench.log if entry[1] == SEND and entry[0] > begin)
        assert first[2] == line and first[0] <= begin + 4
    dut.arm__valid.value = 0
    await bench.run(4)


@cocotb.test()
@cocotb.parametrize(takes=[never, often, bursts])
async def nothing_is_lost_or_doubled_by_chance(dut, takes):
    """Every context with a grant is told after each edge, and at most once for each edge."""
    bench = Bench(dut, takes)
    params, rng = bench.params, bench.rng
    await bench.start()
    for round_ in range(6):
        for line in range(params.lines):
            await bench.grant(line, rng.getrandbits(params.contexts) | 1 << round_ % 2)
        used = rng.sample(range(params.lines), 2)
        allowed = dict.fromkeys(
            ((line, c) for line in range(params.lines) for c in bench.granted(line)), 0)
        since = {}  # cycle of the last edge, by line and context
        arming, arms, high_since = None, 0, {}
        seen = len(bench.log)
        for cycle in range(400 + 60 * params.contexts):
            quiet = cycle > 400
            change = 0
            for line in used:
                if not quiet and rng.random() < 0.1:
                    change |= 1 << line
            for line in used:
                if change & ~bench.lines & 1 << line:
                    high_since[line] = bench.cycles
                    for context in bench.granted(line):
                        allowed[line, context] += 1
                        since[line, context] = bench.cycles
                elif change & 1 << line:
                    high_since.pop(line)
            bench.set(bench.lines ^ change)
            if arming is None and not quiet and rng.random() < 0.2:
                arming = rng.choice(used), rng.randrange(params.contexts), arms % params.queues
                arms += 1
                dut.arm__payload.value = pack(arm_layout(params), {
                    "line": arming[0], "context": arming[1], "queue": arming[2], "task": arms})
                dut.arm__valid.value = 1
                arm_begin = bench.cycles
            accepted = (await bench.cycle())[1]
            for _, kind, *what in bench.log[seen:]:
                if kind == SEND:
                    allowed[tuple(what)] -= 1
                    assert allowed[tuple(what)] >= 0, f"told of no edge: {what}"
                    if since.get(tuple(what), bench.cycles) < bench.cycles - 1:
                        since.pop(tuple(what))
                elif kind == ARM:
                    assert what == [*arming, arms] and arming[1] in bench.granted(arming[0])
                    high = high_since.get(arming[0], bench.cycles)
                    if high < arm_begin:  # high all the time: told by the edge or by the level
                        since[arming[0], arming[1]] = bench.cycles - 1
                elif kind == LEVEL:
                    assert what == list(arming[:2])
                    since.pop(tuple(what), None)
                else:
                    assert what == [*arming[1:]] and arming[1] not in bench.granted(arming[0])
            seen = len(bench.log)
            if accepted:
                dut.arm__valid.value = 0
                arming = None
        assert not since, f"not told: {since}"
        assert arming is None and arms > 10
        bench.set(0)
        await bench.run(2)


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_lines(configuration):
    run_cocotb(Lines(CONFIGURATIONS[configuration]), __name__, f"taic_lines_{configuration}",
               plusargs=[f"+configuration={configuration}"])
