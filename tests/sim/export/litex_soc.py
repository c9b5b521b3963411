"""A LiteX SoC with an exported UINTC. Its initiator is the test."""

import re

from litex.build.generic_platform import GenericPlatform, Pins, Subsignal
from litex.soc.integration.soc import SoCRegion
from litex.soc.integration.soc_core import SoCMini
from migen import ClockDomain

BASE = 0x02F1_0000
BUS = {"cyc": 1, "stb": 1, "we": 1, "adr": 30, "sel": 4, "dat_w": 32, "dat_r": 32, "ack": 1,
       "err": 1, "stall": 1}
HARTS = 2


def _pads(width: int) -> Pins:
    return Pins(" ".join("x" * width))


class Soc(SoCMini):
    """``example`` makes the device. The ports are ``clk``, ``rst``, ``usip``, and ``wb_*`` with
    addresses in words."""

    def __init__(self, example) -> None:
        platform = GenericPlatform("none", [
            ("clk", 0, _pads(1)), ("rst", 0, _pads(1)), ("usip", 0, _pads(HARTS)),
            ("wb", 0, *(Subsignal(name, _pads(width)) for name, width in BUS.items())),
        ], name="none")
        self.cd_sys = ClockDomain()
        super().__init__(platform, 1_000_000, with_timer=False, ident_version=False)
        self.comb += [self.cd_sys.clk.eq(platform.request("clk")),
                      self.cd_sys.rst.eq(platform.request("rst"))]
        self.uintc = example(platform, harts=HARTS)
        self.bus.add_slave("uintc", self.uintc.bus,
                           SoCRegion(origin=BASE, size=0x8000, cached=False))
        self.comb += platform.request("usip").eq(self.uintc.usip)
        host, pads = type(self.uintc.bus)(data_width=32, address_width=32), platform.request("wb")
        self.bus.add_master("host", host)
        self.comb += [getattr(host, name).eq(getattr(pads, name))
                      for name in ("cyc", "stb", "we", "adr", "sel", "dat_w")]
        self.comb += [getattr(pads, name).eq(getattr(host, name))
                      for name in ("dat_r", "ack", "err")]

    def verilog(self) -> str:
        self.finalize()
        text = str(self.platform.get_verilog(self, name="litex"))
        return re.sub(r"^\s*`timescale.*\n", "", text, flags=re.MULTILINE)
