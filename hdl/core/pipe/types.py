"""The contents of the pipeline registers between D, X, M and W."""

from amaranth import signed
from amaranth.lib import data

from ..csr.types import CsrOp, TrapReturn
from ..fetch.types import FetchFault, prediction_layout
from ..lsu.types import LsuOp
from ..params import PC_BITS, HartParams
from .alu import AluControl
from .decode import Result, System


class Bypass(data.Struct):
    """A result on its way to the register file. ``rd`` is 0 if there is none."""

    rd: 5
    value: 64


def executing_layout(params: HartParams) -> data.StructLayout:
    """Decode to Execute. Operands are bypassed and final, except with ``data_from_m``."""
    return data.StructLayout({
        "pc": PC_BITS,
        "next_pc": PC_BITS,
        "raw": 32,
        "fault": FetchFault,
        "fault_upper": 1,
        "illegal": 1,
        "rd": 5,  # 0 if nothing is written
        "result": Result,
        "alu": AluControl,
        "funct3": 3,
        "a": 64,
        "b": 64,
        "offset": signed(12),
        "target": PC_BITS,  # pc + immediate
        "target_matches": 1,  # ... and it is the predicted one
        "branch": 1,
        "jal": 1,
        "jalr": 1,
        "link": 1,  # writes x1 or x5
        "from_link": 1,  # reads x1 or x5
        "predicted_taken": 1,
        "predicted_target": PC_BITS,
        "prediction": prediction_layout(params),
        "lsu": 1,
        "lsu_op": LsuOp,
        "funct7": 7,
        "data_from_m": 1,  # operand b of a store or atomic is the result now in Memory
        "csr": 1,
        "csr_op": CsrOp,
        "csr_read_only": 1,
        "system": System,
        "ret_kind": TrapReturn,
        **({"rs1": 5, "rs2": 5, "rs1_value": 64, "rs2_value": 64} if params.rvfi else {}),
    })


def memory_layout(params: HartParams) -> data.StructLayout:
    """Execute to Memory."""
    return data.StructLayout({
        "pc": PC_BITS,
        "next_pc": PC_BITS,  # of the instruction that follows in memory
        "trap": 1,  # an exception of the instruction itself; 0 without an instruction
        "trap_cause": 6,
        "trap_priv": 2,  # privilege that takes it
        "raw": 32,
        "fault": FetchFault,
        "fault_upper": 1,
        "illegal": 1,
        "rd": 5,
        "result": Result,
        "value": 64,  # result computed so far; operand of a CSR instruction; address of SFENCE
        "prediction": prediction_layout(params),
        "funct3": 3,
        "lsu": 1,
        "lsu_op": LsuOp,
        "data": 64,  # operand b of a memory instruction, for the commit port
        "csr": 1,
        "csr_op": CsrOp,
        "csr_read_only": 1,
        "system": System,
        "system_all": 1,  # SFENCE with rs1 = x0
        "ret_kind": TrapReturn,
        **({"rs1": 5, "rs2": 5, "rs1_value": 64, "rs2_value": 64, "flow_pc": PC_BITS}
           if params.rvfi else {}),
    })
