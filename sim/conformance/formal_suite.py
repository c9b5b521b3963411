"""riscv-formal's checks for this hart: configuration, wrapper, corrections to the suite."""

import hashlib
import re
import shutil
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from amaranth.back import verilog

from hdl.core.params import configuration, replace
from hdl.core.rvfi import RVFI_CSRS, RvfiSignature

from .formal_faults import Fault, planted
from .formal_hart import FormalHart
from .riscv_tests import SuiteError

TIMEOUT_SECONDS = 600  # limit of one check

# Numbers are cycles after reset: the earliest cycle of the preceding event, then the check.
CHECKS = """
[options]
isa rv64imc

[depth]
insn            12
reg        7    13
pc_fwd     7    12
pc_bwd     7    13
unique     1  7 13
causal     7    13
liveness   1  8 26
cover      1    20
ill             12
csrw            13
csr_ill         12
csrc_any   1    15
csrc_inc   1    15
csrc_upcnt 1    15

[csrs]
mscratch   any
mcycle     inc upcnt
minstret   inc upcnt
mepc
mtval

[custom_csrs]
040     msu     uscratch        any
140     msu     sscratch        any

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
// Instructions that do what they should, an exception, and an interrupt: a handler whose first
// instruction follows none that trapped.
wire everything = channel[0].cnt_norm_insns >= 2 && channel[0].cnt_trap_insns >= 1
    && channel[0].cnt_intr_insns > channel[0].cnt_trap_insns;
always @* if (!reset) assert (!everything);
"""

# Assumptions of the suite's checks that the specifications do not make: files, text, new text.
CORRECTIONS = (
    # CSR instructions may trap.
    ("rvfi_csrc_*_check.sv", "csr_insn_valid = rvfi.valid &&",
     "csr_insn_valid = rvfi.valid && !rvfi.trap &&"),
    # Their operands have 64 bits.
    ("rvfi_csrc_*_check.sv", "wire [31:0] csr_rsval", "wire [`RISCV_FORMAL_XLEN-1:0] csr_rsval"),
    # mcounteren may forbid access to the user counters, and sideleg to the CSRs of user interrupts.
    ("rvfi_csrw_check.sv", "assume (csr_insn_valid);",
     "assume (csr_insn_valid);\n"
     "\t\t\tassume (!(rvfi.trap && rvfi.mode != 3 && csr_insn_addr[11:8] == 4'hC));\n"
     "\t\t\tassume (!(rvfi.trap && rvfi.mode == 0 && csr_insn_addr[11:8] == 4'h0));"),
    # mcountinhibit may stop the counters.
    ("rvfi_csrc_upcnt_check.sv", "assume (!(csr_write_valid && csr_insn_under_test));",
     "assume (!(csr_write_valid && (csr_insn_under_test || csr_insn_addr == 12'h320)));"),
    # A value written to a counter stays until the next access, not for one cycle only.
    ("rvfi_csrc_inc_check.sv",
     "csr_written = 0;\n\t\t\t\tif (csr_read_valid && csr_insn_under_test) begin",
     "if (csr_read_valid && csr_insn_under_test) begin\n\t\t\t\t\tcsr_written = 0;"),
)

# Inputs of the design that the solver chooses.
FREE = {
    "free_fetch": 1, "free_insn": 32, "free_taken": 1, "free_target": 40, "free_busy": 1,
    "free_data": 64, "free_drained": 1, "free_icache_busy": 1, "free_lines": 7, "free_time": 64,
}

FAIRNESS = """
`ifdef REL4_FAIR
    // Nothing waits for ever: each source of delay ends within a few cycles, and neither WFI nor an
    // interrupt, which starts over, comes.
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
        assume (free_insn != 32'h10500073); assume (free_lines == 0);
    end
`endif"""


@dataclass(frozen=True)
class Check:
    name: str
    depth: int
    job: Path  # for SymbiYosys
    wants_trace: bool  # the search is for a counterexample

    @property
    def kind(self) -> str:
        return re.match(r"insn|csrw|csr_ill|csrc_[a-z]+|[a-z_]+?(?=_ch|$)", self.name)[0]


def wrapper() -> str:
    """Returns the module that the suite instantiates."""
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
    return f"""module rvfi_wrapper (
    input clock,
    input reset,
    `RVFI_OUTPUTS
);
{signals}
{FAIRNESS}
    rel4 hart (
        .clk(clock),
        .rst(reset),
{inputs}
{plain}{csrs}
    );
endmodule
"""


def generate(checkout: Path, folder: Path, fault: Fault | None = None) -> list[Check]:
    """Lays out the suite's folder structure in ``folder`` and generates its checks."""
    if not (checkout / "checks" / "genchecks.py").is_file():
        raise SuiteError(f"{checkout}: not a checkout of riscv-formal (no checks/genchecks.py)")
    core = folder / "cores" / "rel4"
    shutil.rmtree(folder, ignore_errors=True)
    core.mkdir(parents=True)
    (folder / "insns").symlink_to((checkout / "insns").resolve())
    shutil.copytree(checkout / "checks", folder / "checks")
    for files, text, instead in CORRECTIONS:
        for source in (folder / "checks").glob(files):
            source.write_text(source.read_text().replace(text, instead))
    (core / "checks.cfg").write_text(CHECKS)
    (core / "wrapper.sv").write_text(wrapper())
    params = replace(configuration("default"), rvfi=True, pmp_entries=0, hpm_counters=0)
    with planted(fault) if fault else nullcontext():
        rtl = verilog.convert(FormalHart(params), name="rel4", emit_src=False)
    (core / "rel4.v").write_text(rtl)
    result = subprocess.run([sys.executable, "../../checks/genchecks.py"], cwd=core,
                            capture_output=True, text=True)
    if result.returncode:
        last = (result.stderr.strip().splitlines() or ["no message"])[-1]
        raise SuiteError(f"genchecks.py failed: {last}")
    return [_adapt(job) for job in sorted((core / "checks").glob("*.sby"))]


def _adapt(job: Path) -> Check:
    """Selects the model checker of ABC, which finishes where SMT solvers do not. It has neither
    "skip" nor covers, so ``[cover]`` asserts that the goal is unreachable."""
    text = job.read_text()
    covers = "mode cover" in text
    text = re.sub(r"(?m)^skip .*$", f"timeout {TIMEOUT_SECONDS}", text)
    text = text.replace("mode cover", "mode bmc")
    text = re.sub(r"(?m)^(smtbmc|btor|aiger) .*$", "abc dc2; bmc3", text)
    job.write_text(text)
    frames = int(re.search(r"(?m)^depth (\d+)$", text)[1])
    return Check(job.stem, frames - 1, job, covers)


def digest(folder: Path) -> str:
    """Returns a key that identifies the design and the checks."""
    core = folder / "cores" / "rel4"
    files = [core / name for name in ("rel4.v", "wrapper.sv", "checks.cfg")]
    content = b"".join(path.read_bytes() for path in (*files, *sorted(folder.glob("checks/*.sv"))))
    return hashlib.sha256(content).hexdigest()
