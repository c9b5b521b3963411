"""The timing of the device in cycles: the figures of its documentation.

A distance starts in the cycle in which an access is accepted or a line rises. It ends in the first
cycle in which a DEQUEUE of another port can be accepted and returns the task. A latency is the
number of cycles from a request to its answer; 0 is the same cycle.
"""

import cocotb
from cocotb.triggers import FallingEdge

from tests.hdl.taic.device_bench import Bench
from tests.hdl.taic.device_ports import now
from tests.support.clock import cycles

OS = 1
TASK, KEPT = 0x1000, 0x2002
FAR = 40
DISTANCES = {"enqueue": 3, "send": 4, "line": 4}
LATENCIES = {
    "prefetch": 0, "prefetch_empty": 0,  # of the port's last queue
    "first": 5, "first_empty": 5,  # of another queue
    "steal": 5, "enqueue": 0,
}
ROUND, PAIRS = 12, 200  # operations of each port, for the rates
RATES = {  # most cycles for 100 operations with 1, 2 and 4 ports, by operation and by queues used
    ("enqueue", "contexts"): (233, 138, 96),
    ("enqueue", "context"): (233, 179, 181),
    ("enqueue", "queue"): (233, 254, 265),
    ("dequeue", "contexts"): (473, 241, 131),
    ("dequeue", "context"): (473, 246, 196),
    ("dequeue", "queue"): (473, 492, 304),
    ("pairs", "contexts"): (499, 255, 100),
    ("pairs", "context"): (499, 263, 200),
    ("pairs", "queue"): (499, 301, 300),
}


async def started(dut):
    bench = Bench(dut)
    await bench.start()
    await bench.grant_all()
    for process in range(bench.params.contexts):
        for _ in range(bench.params.queues):
            await bench.allocate(OS, 1 + process)
    return bench


async def latency(bench, port, place, wanted):
    """Returns the latency of a dequeue."""
    begun = now()
    assert await bench.ports[port].read(bench.queue(*place, "dequeue"), 8) == wanted
    await bench.settle()
    bus = bench.ports[port]
    assert now() > begun
    return bus.accepted_after + bus.answered_after


async def least_distance(bench, place, task, begin):
    """Returns the distance. ``begin()`` makes the task ready in the cycle in which it ends."""
    for distance in range(FAR):
        await bench.ports[1].read(bench.queue(*place, "dequeue"), 8)
        await bench.settle()
        begun = cocotb.start_soon(begin())
        await cycles(bench.dut, distance)
        got = await bench.ports[1].read(bench.queue(*place, "dequeue"), 8)
        waited = bench.ports[1].accepted_after + bench.ports[1].answered_after
        await begun
        await bench.settle()
        if got == task:
            return distance, waited
        assert await bench.ports[1].read(bench.queue(*place, "dequeue"), 8) == task
        await bench.settle()
    raise AssertionError("never ready")


@cocotb.test()
async def distances(dut):
    bench = await started(dut)
    first = bench.ports[0]
    await bench.configure(0, sender=1, receiver=0)
    await bench.arm(0, 0, 0, KEPT)
    await bench.arm_line(0, 0, 0, KEPT)

    async def enqueue():
        await first.write(bench.queue(0, 0, "enqueue"), TASK, 8)

    async def send():
        await first.write(bench.queue(1, 0, "send"), 0, 8)

    async def line():
        dut.line.value = 1
        await FallingEdge(dut.clk)
        dut.line.value = 0

    found = {name: await least_distance(bench, (0, 0), task, begin) for name, task, begin in (
        ("enqueue", TASK, enqueue), ("send", KEPT, send), ("line", KEPT, line))}
    dut._log.info(f"distances: {found}")
    assert {name: distance for name, (distance, _) in found.items()} == DISTANCES


@cocotb.test()
async def latencies(dut):
    bench = await started(dut)
    found = {}
    found["first_empty"] = await latency(bench, 1, (0, 0), 0)
    found["prefetch_empty"] = await latency(bench, 1, (0, 0), 0)
    for _ in range(2):
        await bench.enqueue(0, 0, TASK)
    found["prefetch"] = await latency(bench, 1, (0, 0), TASK)
    await latency(bench, 1, (1, 0), 0)
    found["first"] = await latency(bench, 1, (0, 0), TASK)
    await bench.enqueue(0, 2, TASK)
    found["steal"] = await latency(bench, 1, (0, 0), TASK)
    await bench.enqueue(0, 0, TASK)
    found["enqueue"] = bench.ports[0].accepted_after
    dut._log.info(f"latencies: {found}")
    assert found == LATENCIES


async def one_kind(bench, ports, place, name):
    """Repeats one access in rounds that fit into the queues."""
    async def work(port):
        offset = bench.queue(*place(port), name)
        for number in range(ROUND):
            if name == "dequeue":
                assert await bench.ports[port].read(offset, 8)
            else:
                await bench.ports[port].write(offset, TASK + (number << 16) + (port << 12), 8)

    begun = now()
    for task in [cocotb.start_soon(work(port)) for port in range(ports)]:
        await task
    taken = now() - begun
    await bench.settle(4 * ROUND)
    return taken


async def pairs(bench, ports, place):
    """Alternates enqueues and dequeues."""
    async def work(port):
        enqueue, dequeue = (bench.queue(*place(port), name) for name in ("enqueue", "dequeue"))
        for number in range(PAIRS):
            await bench.ports[port].write(enqueue, TASK + (number << 16) + (port << 12), 8)
            await bench.ports[port].read(dequeue, 8)

    begun = now()
    for task in [cocotb.start_soon(work(port)) for port in range(ports)]:
        await task
    taken = now() - begun
    await bench.settle()
    for port in range(ports):
        while await bench.ports[0].read(bench.queue(*place(port), "dequeue"), 8):
            await bench.settle()
    return taken


@cocotb.test()
async def rates(dut):
    bench = await started(dut)
    places = {
        "contexts": lambda port: (port, 0), "context": lambda port: (0, port),
        "queue": lambda port: (0, 0)}
    found = {key: [] for key in RATES}
    for name, place in places.items():
        for ports in (1, 2, 4):
            both = [0, 0]
            for _ in range(4):
                for n, access in enumerate(("enqueue", "dequeue")):
                    both[n] += await one_kind(bench, ports, place, access)
            found["enqueue", name].append(round(100 * both[0] / (4 * ROUND * ports)))
            found["dequeue", name].append(round(100 * both[1] / (4 * ROUND * ports)))
            taken = await pairs(bench, ports, place)
            found["pairs", name].append(round(100 * taken / (2 * PAIRS * ports)))
    for (access, name), values in found.items():
        dut._log.info(f"cycles for 100: {access}, {name}: {values}")
    slower = [key for key, values in found.items()
              if any(value > most for value, most in zip(values, RATES[key], strict=True))]
    assert not slower, f"slower than it was: {slower}"
