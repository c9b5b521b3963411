"""Types of the signals between the front end and the pipeline."""

from amaranth.lib import data, enum

from ..params import PC_BITS, HartParams

BLOCK_BITS = PC_BITS - 3  # number of an aligned block of 8 bytes
HALVES = 2  # of a block, each with its own entries in the predictor's tables

# The branches that the branch target buffer knows in a block.
BLOCK_BRANCHES = data.StructLayout({
    "taken": 1,  # one is predicted taken, and ends the block:
    "taken_half": 1,  # the one in this half
    "conditional": HALVES,  # for each half, whether it has a conditional branch (taken or not)
    "lasts": HALVES,  # for each half, the position of the last halfword of its branch
})


class FetchFault(enum.Enum, shape=2):
    """The reason why an instruction could not be fetched."""

    NONE = 0
    PAGE = 1
    ACCESS = 2


def _predictor_state(params: HartParams) -> dict:
    return {
        "history": params.history_bits,  # of earlier blocks with conditional branches, but not of
        "recent_branch": 1,  # the block fetched just before this one: whether it has such branches
        "recent_taken": 1,  # and how the last was predicted
        "ras": range(params.ras_entries),  # return stack pointer before this block
    }


def predictor_state_layout(params: HartParams) -> data.StructLayout:
    """State of the predictors when a block of 8 bytes was fetched."""
    return data.StructLayout({
        **_predictor_state(params),
        "counters": data.ArrayLayout(2, HALVES),  # branch history table, for each half of the block
    })


def prediction_layout(params: HartParams) -> data.StructLayout:
    """State of the predictors when an instruction was fetched. The pipeline returns it unchanged.

    It is the state before the block with the last halfword of the instruction, and the contents of
    the BTB entry of that block.
    """
    return data.StructLayout({
        **_predictor_state(params),
        "counter": 2,  # that of the branch history table
        "hit": 1,  # this instruction is a conditional branch
        "after": 1,  # this instruction comes after a conditional branch in the same block
    })


def fetched_layout(params: HartParams) -> data.StructLayout:
    """One instruction, aligned and expanded."""
    return data.StructLayout({
        "pc": PC_BITS,
        "insn": 32,  # expanded to 32 bits; an illegal compressed one becomes 0
        "raw": 32,  # as in memory; upper half 0 for a compressed one
        "compressed": 1,
        "fault": FetchFault,
        "fault_upper": 1,  # the fault hit the second half: tval is pc + 2
        "taken": 1,  # the next instruction fetched is the one at ``target``
        "target": PC_BITS,
        "prediction": prediction_layout(params),
    })


def redirect_layout(params: HartParams) -> data.StructLayout:
    """Fetch from ``pc`` next, and discard everything fetched before.

    ``prediction`` belongs to the instruction that caused the redirect; the predictors return to
    that state. If the instruction was a conditional branch (``branch``), its outcome ``taken``
    enters the history. If it was a call or a return (``call``, ``ret``), the return stack follows.
    """
    return data.StructLayout({
        "pc": PC_BITS,
        "prediction": prediction_layout(params),
        "branch": 1,
        "taken": 1,
        "call": 1,
        "ret": 1,
        "link": PC_BITS,  # return address of a call
    })


class BranchKind(enum.Enum, shape=3):
    """The kind of a control-flow instruction in the BTB. The upper bit is set if it is always
    taken, the lowest bit if it may be taken."""

    NONE = 0  # not a control-flow instruction: drop the entry
    BRANCH = 1  # conditional
    JUMP = 4
    CALL = 5  # writes x1 or x5
    RETURN = 6  # JALR from x1 or x5 that is not a call


def train_layout(params: HartParams) -> data.StructLayout:
    """The outcome of an instruction that is, or was predicted to be, a control-flow instruction."""
    return data.StructLayout({
        "pc_last": PC_BITS,  # address of the instruction's last halfword
        "kind": BranchKind,
        "taken": 1,
        "mispredicted": 1,
        "target": PC_BITS,
        "prediction": prediction_layout(params),
    })
