"""The results of ``rel4 build``, for the terminal."""

from rich.table import Table

from sim.board.flow import BuildReport


def modules_table(report: BuildReport, depth: int) -> Table:
    """LUTs, flip-flops, block RAMs and DSPs of each module, down to ``depth`` levels."""
    table = Table("module", title=f"{report.board}, {report.config}, harts: {report.harts}")
    for column in ("LUTs", "of these LUT RAM", "FFs", "block RAMs", "DSPs"):
        table.add_column(column, justify="right")
    for name, r in report.modules.items():
        if name and name.count(".") < depth:
            table.add_row("  " * name.count(".") + name.rpartition(".")[2], *_columns(r))
    table.add_section()
    table.add_row("everything", *_columns(report.modules[""]))
    return table


def _columns(r) -> list[str]:
    return [str(n) for n in (r.luts, r.lut_ram_luts, r.ffs, r.block_rams, r.dsps)]


def device_table(report: BuildReport) -> Table:
    """Used and available cells of the device, by kind."""
    table = Table("cells", title="device")
    for column in ("used", "of", "%"):
        table.add_column(column, justify="right")
    for kind, (used, available) in sorted(report.best.utilisation.items()):
        table.add_row(kind, str(used), str(available), f"{100 * used / available:.0f}")
    return table


def clocks_table(report: BuildReport) -> Table:
    """One row for each clock and seed: achieved clock, wanted clock, slowest path."""
    table = Table("seed", "placer", "clock", title="clocks")
    for column in ("MHz", "wanted", "ns", "of these logic"):
        table.add_column(column, justify="right")
    table.add_column("critical path")
    for placement in report.placements:
        for clock in placement.clocks:
            path = clock.critical
            table.add_row(
                str(placement.seed), placement.placer, clock.name,
                f"{clock.achieved_mhz:.1f}", f"{clock.constraint_mhz:.1f}", f"{path.ns:.1f}",
                f"{path.logic_ns:.1f}",
                f"{path.start} to {path.end}, through {', '.join(path.modules)}")
    return table
