"""Gives every object of a design a name that Verilog and SystemVerilog take without an escape."""

import re
from collections.abc import Iterable

from sim.export.rtlil import Module, Signal

# Reserved in IEEE 1800-2017 (annex B), and the classes of its package std.
_WORDS = """
    accept_on alias always always_comb always_ff always_latch and assert assign assume automatic
    before begin bind bins binsof bit break buf bufif0 bufif1 byte case casex casez cell chandle
    checker class clocking cmos config const constraint context continue cover covergroup
    coverpoint cross deassign default defparam design disable dist do edge else end endcase
    endchecker endclass endclocking endconfig endfunction endgenerate endgroup endinterface
    endmodule endpackage endprimitive endprogram endproperty endspecify endsequence endtable
    endtask enum event eventually expect export extends extern final first_match for force
    foreach forever fork forkjoin function generate genvar global highz0 highz1 if iff ifnone
    ignore_bins illegal_bins implements implies import incdir include initial inout input inside
    instance int integer interconnect interface intersect join join_any join_none large let
    liblist library local localparam logic longint macromodule matches medium modport module
    nand negedge nettype new nexttime nmos nor noshowcancelled not notif0 notif1 null or output
    package packed parameter pmos posedge primitive priority program property protected pull0
    pull1 pulldown pullup pulsestyle_ondetect pulsestyle_onevent pure rand randc randcase
    randsequence rcmos real realtime ref reg reject_on release repeat restrict return rnmos
    rpmos rtran rtranif0 rtranif1 s_always s_eventually s_nexttime s_until s_until_with scalared
    sequence shortint shortreal showcancelled signed small soft solve specify specparam static
    string strong strong0 strong1 struct super supply0 supply1 sync_accept_on sync_reject_on
    table tagged task this throughout time timeprecision timeunit tran tranif0 tranif1 tri tri0
    tri1 triand trior trireg type typedef union unique unique0 unsigned until until_with untyped
    use uwire var vectored virtual void wait wait_order wand weak weak0 weak1 while wildcard
    wire with within wor xnor xor mailbox process semaphore std randomize
"""
RESERVED = frozenset(_WORDS.split())


def plain(design: dict[str, Module], prefix: str) -> dict[str, Module]:
    """Returns ``design`` with plain names. Those of its modules start with ``prefix``."""
    modules = _names(design, start=prefix)
    instances = {cell.kind: cell.name.removeprefix("\\")
                 for module in design.values() for cell in module.cells}
    objects = {name: _objects(module, instances.get(name, "")) for name, module in design.items()}
    for name, module in design.items():
        own = objects[name]
        for cell in module.cells:
            ports = objects.get(cell.kind, {})
            cell.kind = modules.get(cell.kind, cell.kind)
            cell.name = own[cell.name]
            cell.ports = {ports.get(port, port): _renamed(signal, own)
                          for port, signal in cell.ports.items()}
            if "\\MEMID" in cell.parameters:
                cell.parameters["\\MEMID"] = f'"\\{cell.name}"'
        for wire in module.wires.values():
            wire.name = own[wire.name]
        module.wires = {wire.name: wire for wire in module.wires.values()}
        module.connections = [(_renamed(left, own), _renamed(right, own))
                              for left, right in module.connections]
        module.name = modules[name]
    return {module.name: module for module in design.values()}


def _objects(module: Module, instance: str) -> dict[str, str]:
    """Wires and cells share a space of names. A memory is named after its cell. Ports come first,
    because they must keep their names. Nothing hides the name of the ``instance``."""
    wires = sorted(module.wires.values(), key=lambda wire: not wire.direction)
    return _names([*(wire.name for wire in wires), *(cell.name for cell in module.cells)],
                  hidden=instance)


def _names(names: Iterable[str], *, start: str = "", hidden: str = "") -> dict[str, str]:
    """Returns a new name for each. Yosys itself numbers those that start with ``$``."""
    taken = {hidden}
    found: dict[str, str] = {}
    for name in names:
        if name.startswith("$"):
            found[name] = name
            continue
        word = start + re.sub(r"\W", "_", name.removeprefix("\\"), flags=re.ASCII)
        word += "_" * (word in RESERVED)
        if word[0].isdigit():
            word = f"n{word}"
        number, free = 1, word
        while free in taken:
            number += 1
            free = f"{word}_{number}"
        taken.add(free)
        found[name] = f"\\{free}"
    return found


def _renamed(signal: Signal, names: dict[str, str]) -> Signal:
    return [bit if isinstance(bit, str) else (names[bit[0]], bit[1]) for bit in signal]
