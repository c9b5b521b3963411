"""Physical memory protection: the CSRs of its entries."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..isa import Csr
from ..mmu.translation import PmpEntry
from ..params import HartParams
from .access import AccessSignature

GRAIN = 10  # G of the specification: the smallest region has 2**(G + 2) bytes, 4 KiB
TOR = 1
NA4 = 2
ADDRESS_BITS = 54  # of pmpaddr; it holds address bits 55:2
CSRS = 16  # entries with CSRs; those that are not implemented read 0


class PmpCfg(data.Struct):
    """One byte of ``pmpcfg``."""

    r: 1
    w: 1
    x: 1
    a: 2
    reserved: 2
    lock: 1


class Pmp(wiring.Component):
    """``pmpcfg`` and ``pmpaddr``; absent with no entries.

    An address has one bit more than physical memory needs. One that does not fit is held as the
    first address beyond physical memory. So as a bound it lies above all memory, and as a region it
    contains none. Ones without end, the region of everything, stay so. Reads come from distributed
    RAM; bits below the grain read as ones (NAPOT) or zeros. CSRs are written late. Writing NA4
    leaves A unchanged; W without R clears W.
    """

    def __init__(self, params: HartParams) -> None:
        self.entries = params.pmp_entries
        self.addr_bits = params.paddr_bits - 1
        super().__init__({
            "access": In(AccessSignature()),
            "pmp": Out(data.ArrayLayout(PmpEntry, self.entries)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        if not self.entries:
            return m
        access = self.access
        configs = [Signal(PmpCfg, name=f"cfg{n}") for n in range(self.entries)]
        addresses = [
            Signal(self.addr_bits, name=f"addr{n}", reset_less=True) for n in range(self.entries)
        ]
        for entry, config, address in zip(self.pmp, configs, addresses, strict=True):
            m.d.comb += [
                entry.r.eq(config.r), entry.w.eq(config.w), entry.x.eq(config.x),
                entry.a.eq(config.a), entry.lock.eq(config.lock), entry.addr.eq(address),
            ]

        for start in range(0, CSRS, 8):
            here = configs[start:start + 8]
            with m.If(access.addr == Csr.PMPCFG0 + start // 4):
                m.d.comb += [access.rdata.eq(Cat(here)), access.hit.eq(1)]
            with m.If(access.late_write & (access.late_addr == Csr.PMPCFG0 + start // 4)):
                for n, config in enumerate(here):
                    self.write_config(m, config, access.late_value[n * 8:n * 8 + 8])

        m.submodules.memory = memory = Memory(shape=self.addr_bits, depth=self.entries, init=[])
        read_port = memory.read_port(domain="comb")
        write_port = memory.write_port()
        number = access.addr[:4]
        write_number = access.late_addr[:4]

        def exists(number: Value) -> Value:
            return C(1) if self.entries == CSRS else ~number[3]

        napot, locked = Signal(), Signal()
        with m.Switch(number):
            for n, config in enumerate(configs):
                with m.Case(n):
                    m.d.comb += napot.eq(config.a[1])
        with m.Switch(write_number):
            for n, config in enumerate(configs):
                with m.Case(n):
                    m.d.comb += locked.eq(config.lock)
                    if n + 1 < self.entries:
                        above = configs[n + 1]
                        with m.If(above.lock & (above.a == TOR)):
                            m.d.comb += locked.eq(1)
        held = Signal(self.addr_bits)
        m.d.comb += [
            held.eq(self.held_address(access.late_value)),
            read_port.addr.eq(number),
            write_port.addr.eq(write_number),
            write_port.data.eq(held),
            write_port.en.eq(access.late_write & (access.late_addr[4:] == Csr.PMPADDR0 >> 4)
                             & exists(write_number) & ~locked),
        ]
        with m.If(access.addr[4:] == Csr.PMPADDR0 >> 4):
            m.d.comb += access.hit.eq(1)
            with m.If(exists(number)):
                m.d.comb += access.rdata.eq(
                    Cat(napot.replicate(GRAIN - 1), napot & read_port.data[GRAIN - 1],
                        read_port.data[GRAIN:])
                )
        for n, address in enumerate(addresses):
            with m.If(write_port.en & (write_number == n)):
                m.d.sync += address.eq(held)
        return m

    def held_address(self, value: Value) -> Value:
        """What is held of a written address."""
        low, high = value[:self.addr_bits], value[self.addr_bits:ADDRESS_BITS]
        everything = low.all() & ~(high & (high + 1)).any()  # ones, then zeros up to the end
        return Mux(~high.any() | everything, low, 1 << self.addr_bits - 1)

    @staticmethod
    def write_config(m: Module, config: data.View, byte: Value) -> None:
        value = PmpCfg(byte)
        with m.If(~config.lock):
            m.d.sync += [
                config.r.eq(value.r),
                config.w.eq(value.w & value.r),
                config.x.eq(value.x),
                config.lock.eq(value.lock),
            ]
            with m.If(value.a != NA4):
                m.d.sync += config.a.eq(value.a)
