"""A device for another system: behind that system's bus, and with plain port names."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import connect

from .axi4lite import Axi4LiteToMmio
from .wishbone import WishboneToMmio

# By name: the bridge, its port, and the prefix of the bus signals.
BUSES = {
    "wishbone": (WishboneToMmio, "wb", "wb"),
    "axi4-lite": (Axi4LiteToMmio, "axi", "s_axi"),
}


class Standalone(wiring.Component):
    """``device`` behind a ``bus``, one of ``BUSES``, of ``data_bits`` bits.

    The device has a port ``bus: In(MmioSignature)``, or an array of one. Its other ports are passed
    through. Port names are flat, as in ``wb_cyc`` and ``s_axi_awaddr``; a member of an interface of
    the device is named by its path, joined with ``_``. With ``paired``, two words of a 32-bit bus
    make an access of 8 bytes.

    Timing: that of the bridge. One clock, ``clk``, and a synchronous reset, ``rst``.
    """

    def __init__(self, device: wiring.Component, *, bus: str, data_bits: int = 64,
                 paired: bool = False) -> None:
        if bus not in BUSES:
            raise ValueError(f"no bus {bus!r}; there are {', '.join(BUSES)}")
        front_end, port, prefix = BUSES[bus]
        self.device = device
        if isinstance(device.bus, (list, tuple)):
            self._device_bus, = device.bus
        else:
            self._device_bus = device.bus
        self._front_end = front_end(addr_bits=self._device_bus.signature.addr_bits,
                                    data_bits=data_bits, paired=paired)
        bus_port = getattr(self._front_end, port)
        self._inner = {
            f"{prefix}_{name}": (member, getattr(bus_port, name))
            for name, member in bus_port.signature.members.items()
        } | {
            "_".join(map(str, path)): (member, value)
            for path, member, value in device.signature.flatten(device) if path[0] != "bus"
        }
        super().__init__({name: member for name, (member, _) in self._inner.items()})

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.device = self.device
        m.submodules.front_end = self._front_end
        connect(m, self._front_end.mmio, self._device_bus)
        for name, (member, inner) in self._inner.items():
            outer = getattr(self, name)
            m.d.comb += inner.eq(outer) if member.flow is wiring.In else outer.eq(inner)
        return m
