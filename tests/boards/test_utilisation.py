"""A cell is counted for the module of the signal that it computes, and for all modules above."""

import json

from sim.board.utilisation import utilisation

CELLS = {
    "board.soc.hart0.alu.result_LUT4_Z_1": "LUT4",
    "board.soc.hart0.alu.result_TRELLIS_FF_Q": "TRELLIS_FF",
    "board.soc.hart0.pc_CCU2C_S0": "CCU2C",
    "board.soc.hart0.rows.0.0": "TRELLIS_DPR16X4",
    "board.soc.l2.lines.0.1": "DP16KD",
    "board.soc.bus__response__p.data_LUT4_Z": "LUT4",
    "board.socket_LUT4_Z": "LUT4",
    "$abc$123": "LUT4",
}


def test_modules_are_added_up(tmp_path):
    netlist = tmp_path / "top.json"
    netlist.write_text(json.dumps(
        {"modules": {"top": {"cells": {name: {"type": kind} for name, kind in CELLS.items()}}}}))
    found = utilisation(netlist, prefix="board.soc")
    assert list(found) == ["", "hart0", "hart0.alu", "l2"]
    assert (found["hart0.alu"].luts, found["hart0.alu"].ffs) == (1, 1)
    assert (found["hart0"].luts, found["hart0"].lut_ram_luts) == (1 + 2 + 4, 4)
    assert found["l2"].block_rams == 1
    assert found[""].luts == 3 + 1 + 2 + 4
