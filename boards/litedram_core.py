"""LiteDRAM's controller for SDR chips: its settings, its Verilog, and the instance.

The library schedules rows, banks and refresh. ``boards.sdram_pads`` drives the pins,
``boards.sdram_init`` starts the chip, and ``boards.sdram_bridge`` drives the user port. So the
library's CPU, control bus and width converters are not used.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil

import migen
from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from litedram import modules
from litedram.common import PhySettings, get_default_cl
from litedram.core import ControllerSettings, LiteDRAMController, LiteDRAMCrossbar
from litedram.init import get_sdram_phy_init_sequence
from migen.fhdl import verilog

from .sdram_bridge import WordPortSignature
from .sdram_init import InitStep
from .sdram_pads import DATA_BITS, PadsSignature

MODULE = "litedram_core"
FILE = f"{MODULE}.v"  # for the platform
REFRESH_NS, REFRESH_ROWS = 64e6, 8192
# Requirements of some speed grades (7 of AS4C32M16SB, 75 of MT48LC16M16A2), from their data sheets.
# The library lacks them.
SLOWEST_NS = {"tRCD": 21, "tRP": 21, "tRC": 66}
REFRESHES = 8  # before the first use
MODE_RESERVED = 1 << 8  # a bit of the mode word
QUEUE = 4  # commands that can wait for a bank


@dataclass(frozen=True)
class SdramChips:
    """SDR chips of 16 bits, by their names in ``litedram.modules``. A board has one of them.

    The controller suits each of them: it uses the geometry of the smallest chip, and the longest of
    each timing parameter.
    """

    names: tuple[str, ...]

    def modules(self, clock_hz: int) -> list:
        return [getattr(modules, name)(clock_hz, "1:1") for name in self.names]

    @property
    def geometry(self):
        """The library's settings ``bankbits``, ``rowbits``, ``colbits``, ``addressbits``."""
        return min((module.geom_settings for module in self.modules(100_000_000)),
                   key=lambda g: g.bankbits + g.rowbits + g.colbits)

    @property
    def word_bits(self) -> int:
        """Width of the address of a word."""
        return self.geometry.bankbits + self.geometry.rowbits + self.geometry.colbits

    @property
    def size_bytes(self) -> int:
        return DATA_BITS // 8 << self.word_bits

    def timing(self, clock_hz: int):
        """The library's settings, in cycles.

        The interval between refreshes is rounded down. The library rounds it up, and so exceeds
        64 ms for all rows.
        """
        several = [module.timing_settings for module in self.modules(clock_hz)]
        settings = several[0]
        for name in ("tRP", "tRCD", "tWR", "tWTR", "tRFC", "tCCD", "tRRD", "tRC", "tRAS"):
            known = max(getattr(one, name) or 0 for one in several)
            slowest = ceil(SLOWEST_NS.get(name, 0) * clock_hz / 1e9)
            setattr(settings, name, max(known, slowest))
        settings.tREFI = int(REFRESH_NS * clock_hz / REFRESH_ROWS / 1e9)
        return settings


def phy_settings(clock_hz: int) -> PhySettings:
    """One register at the pads in each direction, as in the library's ``GENSDRPHY``."""
    cl = get_default_cl("SDR", 1 / clock_hz)
    return PhySettings(
        phytype="GENSDRPHY", memtype="SDR", databits=DATA_BITS, dfi_databits=DATA_BITS,
        nphases=1, rdphase=0, wrphase=0, cl=cl, read_latency=cl + 1, write_latency=0)


def init_steps(chips: SdramChips, clock_hz: int) -> list[InitStep]:
    """The library's sequence; the first step, without a command, is the pause with CKE high.

    The library relies on a slow CPU between the steps. Here each step waits at least tRFC, which is
    longer than tRP and tMRD. The library's first mode word resets a DLL. SDR chips have no DLL and
    reserve the bit, so that step is left out. The library has two refreshes; here there are eight,
    because some of the chips need them.
    """
    timing = chips.timing(clock_hz)
    sequence, _ = get_sdram_phy_init_sequence(phy_settings(clock_hz), timing)
    steps = []
    for _, a, ba, command, wait in sequence:
        flags = {flag.removeprefix("DFII_COMMAND_") for flag in command.split("|")}
        step = InitStep("RAS" in flags, "CAS" in flags, "WE" in flags, a, ba,
                        max(wait, timing.tRFC))
        load_mode = step.ras and step.cas and step.we
        refresh = step.ras and step.cas and not step.we
        if not (load_mode and a & MODE_RESERVED):
            steps += [step] * (REFRESHES // 2 if refresh else 1)
    return steps


class _Core(migen.Module):
    """Controller and crossbar of the library; ``ios`` are the ports of the Verilog module."""

    def __init__(self, chips: SdramChips, clock_hz: int) -> None:
        phy = phy_settings(clock_hz)
        self.submodules.controller = controller = LiteDRAMController(
            phy, chips.geometry, chips.timing(clock_hz), clock_hz,
            # Automatic precharge would be the longest path, and rarely saves a cycle.
            ControllerSettings(cmd_buffer_depth=QUEUE, with_auto_precharge=False))
        self.submodules.crossbar = crossbar = LiteDRAMCrossbar(controller.interface)
        self.clock_domains.sys = sys = migen.ClockDomain("sys")
        user, pads = crossbar.get_port(), controller.dfi.p0
        self.comb += [user.wdata.valid.eq(1), user.wdata.we.eq(-1), user.rdata.ready.eq(1)]
        ports = {
            "clk": (sys.clk, False), "rst": (sys.rst, False),
            "cmd_valid": (user.cmd.valid, False), "cmd_ready": (user.cmd.ready, True),
            "cmd_we": (user.cmd.we, False), "cmd_addr": (user.cmd.addr, False),
            "wdata_ready": (user.wdata.ready, True), "wdata": (user.wdata.data, False),
            "rdata_valid": (user.rdata.valid, True), "rdata": (user.rdata.data, True),
            "ras_n": (pads.ras_n, True), "cas_n": (pads.cas_n, True), "we_n": (pads.we_n, True),
            "a": (pads.address, True), "ba": (pads.bank, True),
            "dq_o": (pads.wrdata, True), "dq_oe": (pads.wrdata_en, True),
            "dq_i": (pads.rddata, False),
        }
        self.ios = set()
        for name, (signal, output) in ports.items():
            port = migen.Signal(len(signal), name_override=name)
            self.comb += port.eq(signal) if output else signal.eq(port)
            self.ios.add(port)


@lru_cache
def core_verilog(chips: SdramChips, clock_hz: int) -> str:
    """The controller as the Verilog module ``MODULE``."""
    core = _Core(chips, clock_hz)
    return str(verilog.convert(core, ios=core.ios, name=MODULE))


class LitedramCore(wiring.Component):
    """The controller: an instance of ``MODULE``. A platform gets its Verilog as ``FILE``.

    There must be no requests while ``rst`` is high.
    """

    def __init__(self, chips: SdramChips, *, clock_hz: int) -> None:
        self.chips, self.clock_hz = chips, clock_hz
        super().__init__({
            "rst": In(1),
            "words": In(WordPortSignature(chips.word_bits)),
            "pads": Out(PadsSignature()),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        if platform is not None:
            platform.add_file(FILE, core_verilog(self.chips, self.clock_hz))
        words, pads = self.words, self.pads
        ras_n, cas_n, we_n = Signal(init=1), Signal(init=1), Signal(init=1)
        m.submodules.core = Instance(
            MODULE,
            i_clk=ClockSignal(), i_rst=self.rst,
            i_cmd_valid=words.command.valid, o_cmd_ready=words.command.ready,
            i_cmd_we=words.command.payload.write, i_cmd_addr=words.command.payload.addr,
            o_wdata_ready=words.wdata_ready, i_wdata=words.wdata,
            o_rdata_valid=words.rdata_valid, o_rdata=words.rdata,
            o_ras_n=ras_n, o_cas_n=cas_n, o_we_n=we_n, o_a=pads.a, o_ba=pads.ba,
            o_dq_o=pads.dq_o, o_dq_oe=pads.dq_oe, i_dq_i=pads.dq_i,
        )
        m.d.comb += [
            pads.cke.eq(1),
            pads.ras.eq(~ras_n),
            pads.cas.eq(~cas_n),
            pads.we.eq(~we_n),
        ]
        return m
