"""User interrupts: the tables of ``rel4 bench uintr``."""

from collections.abc import Sequence

from sim.figures.data import Figures
from sim.figures.markdown import Table, cycles
from sim.figures.pages import Describe

Rows = Sequence[tuple[str, str, dict[str, str]]]  # label, metric, its parameters

SENDING: Rows = (
    ("`uipi send`: until the sender's next instruction", "send", {}),
    ("SEND to the handler's first instruction, another hart", "send_to_utvec", {"where": "cross"}),
    ("SEND to the handler's first instruction, the same hart", "send_to_utvec", {"where": "same"}),
)
RECEIVING: Rows = (
    ("the handler's first instruction to its body, leaf", "handler_entry", {"save": "leaf"}),
    ("the same, Rust function", "handler_entry", {"save": "rust"}),
    ("the same, all registers saved", "handler_entry", {"save": "full"}),
    ("SEND to oneself, handler, back in the interrupted code, leaf", "round_trip",
     {"save": "leaf"}),
    ("the same, Rust function", "round_trip", {"save": "rust"}),
    ("the same, all registers saved", "round_trip", {"save": "full"}),
)
PINGPONG: Rows = (
    ("ping-pong of two processes on two harts, leaf", "pingpong", {"save": "leaf"}),
    ("ping-pong of two processes on two harts, Rust function", "pingpong", {"save": "rust"}),
    ("ping-pong through S-mode: system call, SBI IPI, trap, return", "pingpong_kernel", {}),
)
ASLEEP: Rows = (
    ("receiver asleep, to its handler: hart idle", "offline", {"competing": "0"}),
    ("receiver asleep, to its handler: three busy threads there", "offline", {"competing": "3"}),
    ("receiver with Active = 0: `WRITE_LOW` by the kernel to the handler", "switch_in",
     {"from": "write_low", "where": "same"}),
)


def table(rows: Rows) -> Describe:
    def describe(figures: Figures) -> Table:
        measured = figures["uintr"]
        return Table(["`rel4 bench uintr`", "cycles (worst)"],
                     [[what, cycles(measured.metric(f"uintr.{name}", **params))]
                      for what, name, params in rows], [measured])
    return describe


def asleep(figures: Figures) -> Table:
    """A receiver that sleeps in a system call while other threads are busy."""
    measured = figures["uintr"]
    busy = measured.params_of("uintr.offline", "competing")
    rows = [[n, cycles(measured.metric("uintr.offline", competing=n))] for n in busy]
    return Table(["busy threads on its hart", "SEND to the handler: cycles (worst)"], rows,
                 [measured])


def switch_in(figures: Figures) -> Table:
    """The kernel switches to a receiver with an inactive entry."""
    measured = figures["uintr"]

    def row(title: str, where: str) -> list[str]:
        return [title, *(cycles(measured.metric("uintr.switch_in", where=where, **{"from": start}))
                         for start in ("write_low", "switch"))]
    return Table(
        ["switched in on", "from the write that makes it active: cycles (worst)",
         "from the first instruction of the switch: cycles (worst)"],
        [row("the hart that it had before", "same"), row("the other hart", "migrated")],
        [measured])


TABLES = {
    "uintr": table([*SENDING, *RECEIVING, *PINGPONG, *ASLEEP]),
    "uintr-asleep": asleep,
    "uintr-switch-in": switch_in,
}
