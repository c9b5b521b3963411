"""What several harts see of each other: the results in docs/memory-model.md."""

from sim.figures.data import Figures
from sim.figures.markdown import Table, count

RUNS = ("harts-2", "harts-4")  # litmus tests


def litmus(figures: Figures) -> Table:
    """Tests with outcomes that RISC-V allows and sequential consistency does not."""
    measured = figures["litmus"]

    def seen(counts: list[int] | None) -> str:
        return f"{count(counts[0])} of {count(counts[1])}" if counts else ""

    rows = [[name, f"{test['outcome']} ({test['allowed']})", *(seen(test[run]) for run in RUNS)]
            for name, test in measured.value("tests").items()]
    iterations = measured.value("iterations")
    rows.append(["all tests: outcomes that RISC-V forbids", "",
                 *(f"{measured.value('forbidden')} of {count(iterations[run])}" for run in RUNS)])
    return Table(["test", "outcome that SC forbids, RISC-V allows", "2 harts: seen",
                  "4 harts: seen"], rows, [measured])


def contention(figures: Figures) -> Table:
    measured = figures["contention.ways"]
    rows = []
    for way, by_pause in measured.values.items():
        for pause, contests in by_pause.items():
            row = [way, pause]
            for slowest, fastest, longest in contests:
                row.append(f"{slowest}, {longest}" if slowest == fastest
                           else f"{slowest} to {fastest}, {longest}")
            rows.append(row)
    return Table(["way", "pauses", "2 harts", "3 harts", "4 harts"], rows, [measured])


TABLES = {"litmus": litmus, "contention": contention}
