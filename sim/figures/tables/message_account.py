"""The cycles of one message and its reply, by cause: the accounts of docs/message.md."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sim.figures.data import Figures, Measurement
from sim.figures.markdown import Table
from sim.figures.pages import Describe
from sim.figures.tables.listing import listing

SIDES = ("server", "client")
MODES = {"taic": "TAIC", "uintc": "UINTC", "kernel": "kernel"}
CAUSES = {"miss": "L1D miss", "operand": "operand", "fence": "fence", "redirect": "redirect",
          "fetch": "fetch", "device": "device read", "buffer": "buffer full", "other": "other"}
WAKE_GOALS = ("60", "100", "")
Phases = Sequence[tuple[str, str]]  # event, its name in the measurement

TAIC: Phases = (
    ("the device accepts the store to the channel; the task is at the front of the queue",
     "device"),
    ("the next dequeue is answered", "dequeue"),
    ("executor, until the first instruction of the coroutine", "executor"),
    ("coroutine: looks into the ring, where the message's line is a miss", "ring"),
    ("finds the addressee; takes the message", "take"),
    ("server: computes the reply. Client: checks it, notes the time. Flag (a miss); the next "
     "message is written", "work"),
    ("number stored; flag cleared; the store to the channel reaches the device", "store"),
)
UINTC: Phases = (
    ("UINTC accepts the SEND; the receiver's line (`usip`) rises", "line"),
    ("interrupt taken; first instruction at `utvec`", "entry"),
    ("handler (leaf), URET", "handler"),
    ("leaves the waiting loop; executor, until the first instruction of the coroutine",
     "executor"),
    ("coroutine: looks into the ring (a miss)", "ring"),
    ("finds the addressee; takes the message", "take"),
    ("reply computed, or check and time; flag (a miss); message written", "work"),
    ("number stored; flag cleared; all stores acknowledged; `uipi send` reaches UINTC", "store"),
)
KERNEL: Phases = (
    ("UINTC accepts the other kernel's SEND; the line rises", "line"),
    ("WFI ends (client: had not begun); pending vectors taken", "wfi"),
    ("registers restored, SRET", "restore"),
    ("executor, until the first instruction of the coroutine", "executor"),
    ("coroutine: looks into the ring (a miss)", "ring"),
    ("finds the addressee; takes the message", "take"),
    ("reply computed, or check and time; flag; message written", "work"),
    ("number stored; flag cleared; ECALL", "store"),
    ("trap, until the first instruction in S-mode", "trap"),
    ("registers saved, call decoded, fence, SEND reaches UINTC", "save"),
)


def account(mode: str, phases: Phases) -> Describe:
    def describe(figures: Figures) -> Table:
        measured = figures[f"account-message.{mode}"]
        rows = []
        for label, name in phases:
            sides = [measured.value(f"phases.{name}.{side}") for side in SIDES]
            rows.append([label, *(text for side in sides for text in _phase(side))])
        sums = [_sum(measured, side) for side in SIDES]
        total = " + ".join(str(s["cycles"]) for s in sums)
        rows.append([f"**{sum(s['cycles'] for s in sums)} = {total}**",
                     *(f"**{n}**" for s in sums
                       for n in (s["cycles"], s["retired"], s["cycles"] - s["retired"]))])
        return Table([MODES[mode], *(f"{side}{column}" for side in SIDES
                                     for column in (": cycles", ": retired", ": lost"))],
                     rows, [measured])
    return describe


def causes(figures: Figures) -> Table:
    """One row for each mode: the cycles of a whole round trip by cause."""
    sources = [figures[f"account-message.{mode}"] for mode in MODES]
    rows = []
    for (mode, name), measured in zip(MODES.items(), sources, strict=True):
        assert measured.name.endswith(mode)
        sides = [_sum(measured, side) for side in SIDES]
        lost = sides[0]["lost"] + sides[1]["lost"]
        other = lost.total() - sum(lost[cause] for cause in CAUSES if cause != "other")
        rows.append([name, *(str(sum(side[key] for side in sides))
                             for key in ("cycles", "retired")),
                     *(str(lost[cause]) for cause in CAUSES if cause != "other"), str(other),
                     str(measured.value("l2_requests"))])
    return Table(["a round trip", "cycles", "retired", *CAUSES.values(), "requests to the L2"],
                 rows, sources, note="Sums of the tables above.")


def wake(figures: Figures) -> Table:
    """The phases from the wake-up's store at the device to the woken coroutine."""
    rows, sources = [], []
    for (mode, name), phases, goal in zip(MODES.items(), (TAIC, UINTC, KERNEL), WAKE_GOALS,
                                          strict=True):
        measured = figures[f"account-message.{mode}"]
        names = [phase for _, phase in phases]
        before = names[:names.index("executor") + 1]
        rows.append([name, *(str(sum(measured.value(f"phases.{phase}.{side}.cycles")
                                     for phase in before)) for side in SIDES), goal])
        sources.append(measured)
    return Table(["woken through", *(f"{side}: cycles" for side in SIDES), "goal"], rows, sources,
                 note="Sums of rows of the tables above.")


def _phase(side: dict[str, Any]) -> list[str]:
    lost = ", ".join(f"{cause} {n}" for cause, n in side["lost"].items())
    return [str(side["cycles"]), str(side["retired"]) if side["cycles"] else "", lost]


def _sum(measured: Measurement, side: str) -> dict[str, Any]:
    phases = [phase[side] for phase in measured.value("phases").values()]
    lost: Counter[str] = Counter()
    for phase in phases:
        lost.update(phase["lost"])
    return {"cycles": sum(p["cycles"] for p in phases),
            "retired": sum(p["retired"] for p in phases), "lost": lost}


TABLES = {
    "account-message-taic": account("taic", TAIC),
    "account-message-uintc": account("uintc", UINTC),
    "account-message-kernel": account("kernel", KERNEL),
    "account-message": causes,
    "message-wake": wake,
    "message-busy": listing(
        "account-message.busy", ["a message, TAIC, 32 calls at a time", "client", "server"],
        [("cycles", "cycles"), ("instructions", "retired"),
         ("of these: find the reply, make its coroutine ready", "find"),
         ("of these: switch to that coroutine", "switch"),
         ("of these: take and check the reply, write the next request", "take"),
         ("cycles lost: operands", "operand"), ("cycles lost: the message's line", "miss"),
         ("cycles lost: answer of the dequeue", "device"), ("cycles lost: fetch", "fetch"),
         ("requests to the L2", "l2_requests"), ("requests to the TAIC", "taic_requests")]),
}
