"""Synthesis reports count the cells and find the faults of a design."""

import pytest
from amaranth import *
from amaranth.hdl import CombinationalCycle
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from sim.fpga import yosys
from sim.fpga.nextpnr import module_of, place, signal_name
from sim.fpga.registered_ports import RegisteredPorts
from sim.fpga.report import Report, harts_table, with_submodules
from sim.fpga.yosys import Resources, synthesise
from sim.tools import BUILD


class Store(wiring.Component):
    """A memory with one registered read and one write port; ``unused`` is a product."""

    address: In(10)
    data: In(32)
    enable: In(1)
    result: Out(32)
    commit_unused: Out(32)

    def elaborate(self, platform):
        m = Module()
        m.submodules.memory = memory = Memory(shape=32, depth=1024, init=[])
        write, read = memory.write_port(), memory.read_port()
        m.d.comb += [
            write.addr.eq(self.address), write.data.eq(self.data), write.en.eq(self.enable),
            read.addr.eq(self.address), self.result.eq(read.data),
        ]
        m.d.sync += self.commit_unused.eq(self.data[:16] * self.data[16:])
        return m


class Loop(wiring.Component):
    """Feeds a signal back into itself without a register."""

    i: In(1)
    o: Out(1)

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.o.eq(self.o ^ self.i)
        return m


@pytest.fixture(scope="module")
def store():
    return synthesise(RegisteredPorts(Store(), unused=["commit"]), BUILD / "tests" / "synth-store",
                      flatten=True)


def test_memory_becomes_block_ram(store):
    (total,) = store.modules.values()
    assert total.block_rams == 2
    assert total.dsps == 0  # the product feeds only an unused port
    assert [(m.name, m.bits, m.built_as) for m in store.memories] == [
        ("top.dut.memory", 32 * 1024, "block RAM")
    ]
    assert store.loops == []


def test_placement_tells_clock_and_path(store):
    placement = place(store.netlist, seed=1)
    assert placement.fmax_mhz > 60
    assert placement.utilisation["DP16KD"][0] == 2
    assert placement.critical.ns == pytest.approx(1000 / placement.fmax_mhz, abs=0.1)
    assert placement.critical.start.startswith("dut.memory.0.")
    assert placement.critical.modules[0] == "dut"
    assert placement.arrivals[0].ns <= placement.critical.ns


def test_modules_are_counted_apart():
    result = synthesise(RegisteredPorts(Store()), BUILD / "tests" / "synth-modules", flatten=False)
    assert (result.modules["top.dut"].dsps, result.modules["top"].dsps) == (1, 0)
    assert result.modules["top.dut"].block_rams == 2


def test_submodules_are_added_up():
    modules = {"top": Resources.of({"LUT4": 100}), "top.dut": Resources.of({"LUT4": 10}),
               "top.dut.alu": Resources.of({"LUT4": 1}), "top.dut.alu2": Resources.of({"LUT4": 2})}
    luts = {name: r.luts for name, r in with_submodules(modules).items()}
    assert luts == {"dut": 13, "dut.alu": 1, "dut.alu2": 2}


def test_hart_counts_are_compared():
    def report(harts):
        units = {"dut": 99, "dut.l2": 5 * harts} | {f"dut.hart{n}": 7 for n in range(harts)}
        modules = {name: Resources(luts, 1, 2, 0, 0) for name, luts in units.items()}
        return Report("soc", "default", harts, Resources(50 * harts, 1, 2, 0, 0), modules, [], [],
                      [])

    columns = [[str(cell).split()[0] for cell in column.cells]
               for column in harts_table([report(1), report(2)]).columns]
    assert columns == [["hart,", "l2", "as"], ["7", "5", "50"], ["7", "10", "100"]]


def test_combinational_loop_is_refused():
    with pytest.raises(CombinationalCycle):
        synthesise(RegisteredPorts(Loop()), BUILD / "tests" / "synth-loop", flatten=True)


def test_carry_and_lut_ram_count_as_luts():
    cells = {"LUT4": 10, "CCU2C": 3, "TRELLIS_DPR16X4": 2, "TRELLIS_FF": 5, "DP16KD": 1}
    assert Resources.of(cells) == Resources(24, 5, 1, 0, 8)


def test_memories_made_of_registers_are_named():
    rtlil = "module \\top.dut\n  memory width 8 size 100 \\table\nend\n"
    log = "using FF mapping for memory top.dut.table\nusing FF mapping for memory top.$rom$1\n"
    assert yosys.memories(log, rtlil) == [yosys.Memory("top.dut.table", 800, "registers")]


@pytest.mark.parametrize("cell, signal, module", [
    ("dut.lsu.m_paddr_TRELLIS_FF_Q_3$conn$DI", "dut.lsu.m_paddr", "dut.lsu"),
    ("dut.alu.result_LUT4_Z_1", "dut.alu.result", "dut.alu"),
])
def test_names_of_paths(cell, signal, module):
    assert signal_name(cell) == signal
    assert module_of(signal) == module
