"""What the export does to a netlist, pass by pass."""

import re

import pytest
from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from sim.export import names, rtlil
from sim.export.liveness import trim
from sim.export.names import RESERVED
from sim.export.verilog import verilog_text

TEXT = """\
module \\top
  wire width 8 input 1 \\a.b
  wire width 8 output 2 \\time
  wire input 3 \\clk
  attribute \\init 8'10100101
  wire width 8 \\a_b
  cell \\top.child \\process
    connect \\d \\a.b
    connect \\q \\a_b
    connect \\clk \\clk
  end
  connect \\time { 4'0000 \\a_b [7:6] \\a_b [1:0] }
end
module \\top.child
  wire width 8 input 1 \\d
  wire width 8 output 2 \\q
  wire input 3 \\clk
  attribute \\init 8'10100101
  wire width 8 \\r
  cell $dff $1
    parameter \\CLK_POLARITY 1'1
    parameter \\WIDTH 8
    connect \\CLK \\clk
    connect \\D \\d
    connect \\Q \\r
  end
  connect \\q \\r
end
"""


def test_text_is_read_and_written():
    text = rtlil.write(rtlil.read(TEXT))
    assert rtlil.write(rtlil.read(text)) == text
    numbers = rtlil.read("module \\m\n  wire width 32 \\w\n  connect \\w -2\nend\n")
    assert numbers["\\m"].connections[0][1] == ["0", *"1" * 31]


def test_what_is_not_expected_is_refused():
    with pytest.raises(ValueError, match="unexpected in RTLIL: process"):
        rtlil.read("module \\m\n  process $p\n  end\nend\n")


def test_dead_bits_go_through_modules():
    design = rtlil.read(TEXT)
    trim(design, "\\top")
    child = design["\\top.child"]
    assert {wire.name: wire.width for wire in child.wires.values() if wire.direction} == {
        "\\d_1_0": 2, "\\d_7_6": 2, "\\q_1_0": 2, "\\q_7_6": 2, "\\clk": 1}
    assert sorted(text for wire in child.wires.values() for text in wire.attributes) == [
        "\\init 2'01", "\\init 2'10"]
    assert [len(cell.ports["\\Q"]) for cell in child.cells] == [2, 2]
    assert {wire.name: wire.width for wire in design["\\top"].wires.values()
            if wire.direction} == {"\\a.b": 8, "\\time": 8, "\\clk": 1}


def test_names_are_plain_and_different():
    design = names.plain(rtlil.read(TEXT), "my_")
    assert list(design) == ["\\my_top", "\\my_top_child"]
    top = design["\\my_top"]
    assert list(top.wires) == ["\\a_b", "\\time_", "\\clk", "\\a_b_2"]
    assert [(cell.kind, cell.name) for cell in top.cells] == [("\\my_top_child", "\\process_")]
    assert {"always", "logic", "process"} < RESERVED


class Constants(wiring.Component):
    """A signal of which some bits are constant, and a word of which some bits are read."""

    a: In(8)
    index: In(3)
    o: Out(8)
    one: Out(1)

    def elaborate(self, platform):
        m = Module()
        word = Signal(8, init=0x80)
        m.d.sync += word.eq(self.a)
        m.d.comb += [self.o[0].eq(word[7]), self.o[5].eq(1),
                     self.one.eq(word.bit_select(self.index, 1))]
        return m


def test_no_process_waits_for_nothing():
    text = verilog_text(Constants(), "constants")
    blocks = re.findall(r"always\b.*", text)
    assert blocks and all(re.fullmatch(r"always @\(posedge clk\)", block) for block in blocks)
