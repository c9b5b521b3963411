"""Schedulers and single operations on TAIC: the tables of docs/scheduling.md."""

from sim.figures.data import Figures
from sim.figures.markdown import Table, cycles
from sim.figures.tables.listing import listing

LOOPS = (("spawn", "1"), ("spawn", "2"), ("yield", "1"), ("yield", "2"), ("steal", "2"),
         ("fanout", "2"), ("pingpong", "1"), ("pingpong", "2"))
RATES = (("1", "different"), ("2", "different"), ("2", "same"), ("4", "different"), ("4", "same"))
PATTERNS = ("enqueues", "dequeues", "bursts", "turns")
OPERATIONS = (  # label, goal, metric, its parameters
    ("enqueue", "2", "enqueue", {"burst": None}),
    ("arm a channel (register)", "2", "register", {}),
    ("disarm a channel (cancel)", "2", "cancel", {}),
    ("send", "2", "send", {}),
    ("dequeue", "3", "dequeue", {"burst": None}),
    ("send to coroutine, receiver polling", "20", "send_to_coroutine", {"receiver": "polling"}),
    ("send to coroutine, receiver running, leaf", "40", "send_to_coroutine",
     {"receiver": "running", "save": "leaf"}),
    ("send to coroutine, receiver running, Rust", "40", "send_to_coroutine",
     {"receiver": "running", "save": "rust"}),
    ("UART line to coroutine, receiver running, leaf", "40", "line_to_coroutine",
     {"line": "uart", "receiver": "running", "save": "leaf"}),
    ("UART line to coroutine, receiver running, Rust", "40", "line_to_coroutine",
     {"line": "uart", "receiver": "running", "save": "rust"}),
)


def loops(figures: Figures) -> Table:
    measured = figures["taic"]
    rows = []
    for name, harts in LOOPS:
        taic, software = (measured.metric(f"sched.{name}", harts=harts, queue=queue)
                          for queue in ("taic", "software"))
        change = 100 * (taic.value / software.value - 1)
        rows.append([f"`{name}`", harts, cycles(taic), cycles(software), f"{change:+.0f} %"])
    return Table(["`sched.`", "harts", "TAIC: cycles (worst)", "software: cycles (worst)",
                  "difference"], rows, [measured])


def rates(figures: Figures) -> Table:
    measured = figures["taic"]

    def rate(harts: str, contexts: str, pattern: str) -> str:
        point = measured.metric("taic.ops_per_cycle", harts=harts, contexts=contexts,
                                pattern=pattern)
        return f"{point.value:.2f}"

    rows = [[f"{harts}, {contexts}", *(rate(harts, contexts, p) for p in PATTERNS)]
            for harts, contexts in RATES]
    return Table(["harts, contexts", *PATTERNS], rows, [measured])


def operations(figures: Figures) -> Table:
    measured = figures["taic"]
    rows = [[what, goal, cycles(measured.metric(f"taic.{name}", **params))]
            for what, goal, name, params in OPERATIONS]
    return Table(["operation", "goal", "cycles (worst)"], rows, [measured])


ACCOUNT = (
    ("store: enqueue, or send", "store"), ("dequeue: waits until that store has left", "wait"),
    ("dequeue: the load, until it has the task", "dequeue"),
    ("its value is used in the cycle after the next", "value"), ("is there a task?", "test"),
    ("its address, its function, its arguments", "task"), ("call, return", "call"),
    ("of the task", "work"), ("the loop (of the measurement: which task is the last)", "loop"),
)
SOFTWARE = (
    ("enqueue: indices, is there room?, place, two fences, two stores", "enqueue"),
    ("own queue: indices, is it empty?", "own"),
    ("the other's indices, and those of thieves", "other"), ("AMO on the place", "amo"),
    ("index", "index"), ("address, function, arguments, call, return, loop", "rest"),
)
COROUTINE = (
    ("until the first instruction at `utvec`", "utvec"),
    ("from there to the coroutine", "handler"), ("of these: stack pointer", "stack"),
    ("page", "page"), ("DEQUEUE", "dequeue"), ("flags, check and function", "checks"),
    ("15 registers", "registers"), ("call", "call"),
)

TABLES = {
    "sched": loops, "taic-rates": rates, "taic-operations": operations,
    "account-taic": listing(
        "account-taic.taic", ["cycles of a task, TAIC", "spawn", "yield", "steal",
                              "pingpong, one way, 2 harts"], ACCOUNT),
    "account-software": listing(
        "account-taic.software", ["cycles of a task, software", "spawn", "yield", "steal"],
        SOFTWARE),
    "account-coroutine": listing(
        "account-taic.coroutine", ["from a line to a coroutine, Rust", "cycles"], COROUTINE),
}
