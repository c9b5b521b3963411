"""Public test suites, benchmark programs and running times."""

from sim.figures.data import Figures
from sim.figures.markdown import Table, count
from sim.figures.tables.listing import listing

O3 = ("`-O3 -mtune=sifive-7-series -funroll-all-loops -finline-functions "
      "--param=max-inline-insns-auto=200`")
CHECKS = (
    ("`insn` (RV64IMC)", "insn"), ("`reg`", "reg"), ("`pc_fwd`", "pc_fwd"),
    ("`pc_bwd`, `unique`, `causal`", "order"), ("`liveness`", "liveness"), ("`ill`", "ill"),
    ("`csr_ill`: 7c0, f14, 300, 180", "csr_ill"),
    ("`csrw`: mcycle, mepc, minstret, mscratch, mtval, sscratch, uscratch", "csrw"),
    ("`csrc_any`: mscratch, sscratch, uscratch", "csrc_any"),
    ("`csrc_inc`, `csrc_upcnt`: mcycle, minstret", "csrc_inc"), ("`cover`", "cover"),
)
FAULTS = {  # planted faults that the checks must find
    "insn": "the ALU makes 0 of two negative numbers",
    "reg": "x31 is not written; a load that traps writes its register",
    "pc_fwd": "a misprediction found while Memory stalls is forgotten",
    "order": "the order of retirement runs back after a load",
    "liveness": "a division never ends",
    "ill": "no instruction is illegal",
    "csr_ill": "every CSR is there for all",
    "csrw": "every CSR is there for all",
    "csrc_any": "CSRRC does not write xscratch",
    "csrc_inc": "mcycle reads as time",
    "cover": "no interrupt is taken",
}


def benchmarks(figures: Figures) -> Table:
    coremark, unsigned = figures["conformance.coremark"], figures["conformance.coremark-unsigned"]
    dhrystone = figures["conformance.dhrystone"]
    rows = [
        [f"CoreMark {O3}", count(coremark.value("o3"))],
        ["CoreMark `-O2`", count(coremark.value("o2"))],
        ["CoreMark with `-DEE_U32_UNSIGNED`, same options as the first",
         count(unsigned.value("o3"))],
        ["CoreMark with `-DEE_U32_UNSIGNED`, `-O2`", count(unsigned.value("o2"))],
        ["Dhrystone 2.2, DMIPS, `-O3 -mtune=sifive-7-series -fno-inline -fno-common`",
         count(dhrystone.value("dmips"))],
    ]
    return Table(["program", "per MHz"], rows, [coremark, unsigned, dhrystone])


def suites(figures: Figures) -> Table:
    tests, formal = figures["conformance.riscv-tests"], figures["conformance.riscv-formal"]
    rows = [
        ["riscv-tests, rv64 ui, um, ua, uc, mi, si, environments p and v",
         f"{tests.value('passed')} of {tests.value('programs')}"],
        ["riscv-formal", f"{formal.value('passed')} of {formal.value('checks')}"],
    ]
    return Table(["suite", "pass"], rows, [tests, formal])


def riscv_formal(figures: Figures) -> Table:
    measured = figures["conformance.riscv-formal"]
    table = listing("conformance.riscv-formal", ["kind", "checks", "depth", "seconds each"],
                    CHECKS)(figures)
    rows = [[*row, FAULTS[key]] for row, (_, key) in zip(table.rows, CHECKS, strict=True)]
    rows.append(["all", count(measured.value("checks")), "",
                 f"{60 * measured.value('minutes')} in all", ""])
    return Table([*table.header, "finds the planted fault"], rows, [measured])


def sel4test(figures: Figures) -> Table:
    """seL4's test suite on ReL4, and on seL4's own kernel as the reference."""
    measured = [figures[f"sel4test.{name}"] for name in ("rel4", "rel4-2", "sel4")]
    rows = [[kernel, *(str(run.value(key)) for key in ("harts", "passed", "enabled", "disabled"))]
            for kernel, run in zip(("ReL4", "ReL4", "seL4"), measured, strict=True)]
    return Table(["kernel", "harts", "passed", "of", "disabled"], rows, measured)


def times(figures: Figures) -> Table:
    simulator, quiet = figures["times.simulator"], figures["times.simulator-quiet"]
    run, again, test = (figures[f"times.{name}"] for name in ("run", "run-again", "test"))
    rows = [
        ["simulator with CoreMark, one hart, beside other work", f"{simulator.value('khz')} kHz"],
        ["the same on a quiet machine", f"{quiet.value('khz')} kHz"],
        ["`make run` in a fresh clone, packages downloaded", f"{run.value('first')} minutes"],
        ["`make run` once more", f"{again.value('again')} minutes"],
        ["`make test` after it", f"{test.value('minutes')} minutes"],
    ]
    return Table(["what", "time or speed"], rows, [simulator, quiet, run, again, test])


TABLES = {"conformance-benchmarks": benchmarks, "conformance-suites": suites,
          "conformance-riscv-formal": riscv_formal,
          "conformance-sel4test": sel4test, "times": times}
