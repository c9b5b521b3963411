"""Messages between two processes: the tables of README.md and docs/message.md."""

from sim.bench.suites.message import MODES, ROUND_TRIP
from sim.figures.data import Figures, Measurement
from sim.figures.markdown import Table, cycles

TRAPS, USER_INTERRUPTS = "message.traps", "message.user_interrupts"


def summary(figures: Figures) -> Table:
    """Round trip of each mode for each number of calls; interrupts for the least and the most."""
    message = figures["message"]
    calls = message.params_of(ROUND_TRIP, "concurrency")
    rows = [[n, *(cycles(message.metric(ROUND_TRIP, mode=mode, concurrency=n)) for mode in MODES)]
            for n in calls]
    ends = [calls[0], calls[-1]]
    rows.append([f"traps/user interrupts a message: {', '.join(ends)}",
                 *(", ".join(f"{events(message, TRAPS, mode, n)}/"
                             f"{events(message, USER_INTERRUPTS, mode, n)}" for n in ends)
                   for mode in MODES)])
    return Table(["calls at a time", *(f"{way}: cycles (worst)" for way in MODES.values())], rows,
                 [message])


def comparison(figures: Figures) -> Table:
    """Round trip, mean, and the events that wake the receiver, for each mode."""
    message = figures["message"]
    shown = {"kernel": ("traps", TRAPS), "uintc": ("interrupts", USER_INTERRUPTS), "taic": None}
    header = ["calls at a time"]
    for mode, event in shown.items():
        header += [f"{MODES[mode]}: cycles (worst)", "mean"]
        if event:
            header.append(event[0])
    rows = []
    for n in message.params_of(ROUND_TRIP, "concurrency"):
        row = [n]
        for mode, event in shown.items():
            mean = message.metric("message.mean", mode=mode, concurrency=n).value
            row += [cycles(message.metric(ROUND_TRIP, mode=mode, concurrency=n)), f"{mean:.0f}"]
            if event:
                row.append(events(message, event[1], mode, n))
        rows.append(row)
    return Table(header, rows, [message])


def events(message: Measurement, name: str, mode: str, calls: str) -> str:
    return f"{message.metric(name, mode=mode, concurrency=calls).value:.2f}"


TABLES = {"message-summary": summary, "message": comparison}
