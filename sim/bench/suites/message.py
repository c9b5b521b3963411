"""Compares the ways to wake the receiver of a message, as a table and as a plot."""

from io import BytesIO

from rich.table import Table

from sim.bench.metric import Metric
from sim.bench.suite import Suite, with_params
from sim.bench.target import Program, Target

PROGRAM = Program.named("message")
ROUND_TRIP = "message.round_trip"
EVENTS = ("message.traps", "message.user_interrupts")  # events for each message
MODES = {  # names in the program, in the order of the table: names in the plot
    "kernel": "through the kernel",
    "uintc": "over UINTC",
    "taic": "over TAIC",
}


def run(target: Target) -> list[Metric]:
    return with_params(target.run(PROGRAM), {"harts": str(PROGRAM.harts)} | target.common)


def points(metrics: list[Metric], name: str, mode: str) -> dict[int, Metric]:
    """The metrics called ``name`` of one mode, by concurrency."""
    return {int(m.params["concurrency"]): m for m in metrics
            if m.name == name and m.params["mode"] == mode}


def comparison(metrics: list[Metric]) -> Table:
    """Cycles of a message and its reply, and interrupting events, by concurrency and mode."""
    table = Table(title="cycles a message and its reply: median (worst)\n"
                        "events: traps/user interrupts a message", padding=(0, 1, 0, 0))
    table.add_column("calls", justify="right")
    for mode in MODES:
        table.add_column(mode, justify="right")
        table.add_column("events", justify="right")
    for concurrency in points(metrics, ROUND_TRIP, next(iter(MODES))):
        row = [str(concurrency)]
        for mode in MODES:
            cycles = points(metrics, ROUND_TRIP, mode)[concurrency]
            events = [points(metrics, name, mode)[concurrency].value for name in EVENTS]
            row += [f"{cycles.value:g} ({cycles.worst:g})", "/".join(f"{n:.2f}" for n in events)]
        table.add_row(*row)
    return table


def plot(metrics: list[Metric], kind: str) -> bytes:
    """Plots the round trip over concurrency as ``svg`` or ``png``. The bytes are reproducible."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.hashsalt": "rel4", "font.size": 10}):
        figure = Figure(figsize=(6.4, 4), layout="constrained")
        axes = figure.subplots()
        for mode, marker in zip(MODES, "so^", strict=True):
            measured = points(metrics, ROUND_TRIP, mode)
            axes.plot(list(measured), [m.value for m in measured.values()], marker=marker,
                      label=MODES[mode])
        axes.set_xscale("log", base=2)
        axes.set_xticks(list(measured), [str(concurrency) for concurrency in measured])
        axes.set_ylim(bottom=0)
        axes.set_xlabel("coroutines that call at the same time")
        axes.set_ylabel("cycles a message and its reply")
        axes.grid(alpha=0.3)
        axes.legend(title="the receiver is woken")
        content = BytesIO()
        undated = {"Date": None} if kind == "svg" else {"Software": None}
        figure.savefig(content, format=kind, dpi=150, metadata=undated)
    return content.getvalue()


SUITE = Suite("message", "a message between two processes, woken by kernel, UINTC or TAIC", run,
              table=comparison, plot=plot)
