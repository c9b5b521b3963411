"""The register layer: a description of the registers of a device, as data.

The address decoder of the hardware (``Bridge``), and the constants and tables for software and
readers (``soc.generate``), come from the same ``RegisterMap``. The word CSR is reserved for the
hart's own registers.
"""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In

from ..bus.mmio import MmioSignature

ACCESSES = ("r", "w", "rw")


@dataclass(frozen=True)
class Field:
    """``bits`` bits of a register; ``init`` is their value after reset."""

    bits: int
    doc: str
    init: int = 0


class Register:
    """One register. The docstring of a subclass is its entry in the manual.

    ``access`` is "r", "w" or "rw"; ``bytes`` is its size; ``sizes`` are the permitted sizes of
    access (by default only its own). Fields are packed from bit 0 upwards. A field is reserved and
    reads 0 if its name starts with an underscore.
    """

    access: str
    bytes: int
    sizes: tuple[int, ...]
    fields: dict[str, Field]

    def __init_subclass__(cls, *, access: str, bytes: int = 4,
                          sizes: tuple[int, ...] | None = None) -> None:
        if access not in ACCESSES:
            raise ValueError(f"access must be one of {', '.join(ACCESSES)}, not {access!r}")
        if bytes not in (1, 2, 4, 8):
            raise ValueError(f"a register has 1, 2, 4 or 8 bytes, not {bytes!r}")
        cls.access, cls.bytes, cls.sizes = access, bytes, sizes or (bytes,)

    def __init__(self, fields: dict[str, Field] | None = None) -> None:
        if fields is not None:
            self.fields = fields
        used = sum(field.bits for field in self.fields.values())
        if used > 8 * self.bytes:
            raise ValueError(f"{type(self).__name__} has {used} bits of fields in "
                             f"{self.bytes} bytes")

    @property
    def doc(self) -> str:
        return inspect.cleandoc(self.__doc__ or "")

    @property
    def layout(self) -> data.StructLayout:
        return data.StructLayout({name: field.bits for name, field in self.fields.items()})

    @property
    def init(self) -> int:
        """Value of the whole register after reset."""
        return sum(field.init << lsb for _, lsb, field in self.placed(reserved=True))

    def placed(self, *, reserved: bool = False) -> Iterator[tuple[str, int, Field]]:
        """Name, lowest bit and description of each field."""
        lsb = 0
        for name, field in self.fields.items():
            if reserved or not name.startswith("_"):
                yield name, lsb, field
            lsb += field.bits


@dataclass(frozen=True)
class Entry:
    """A register, or an array of ``count`` equal ones ``stride`` bytes apart, in a map.

    ``array``: it is one, if only of one element, as those of each hart are with one hart.
    """

    name: str
    register: Register
    offset: int
    count: int = 1
    stride: int = 0
    when: str = ""  # for readers: the condition that selects it, if it shares its address
    array: bool = False

    @property
    def index_bits(self) -> int:
        return (self.count - 1).bit_length()


class RegisterMap:
    """The registers of one device, by offset in bytes, in a window of ``2 ** addr_bits`` bytes."""

    def __init__(self, *, addr_bits: int) -> None:
        self.addr_bits = addr_bits
        self.entries: list[Entry] = []

    def add(self, name: str, register: Register, *, offset: int, count: int | None = None,
            stride: int | None = None, when: str = "", aligned: bool = True) -> None:
        """Puts a register, or with ``count`` an array of so many, at ``offset``.

        The stride of an array is a power of two, and its offset is aligned so that the index is a
        field of the address. A ``Bridge`` needs this. A device with its own address decoder may
        have arrays that are not ``aligned``.
        """
        stride = register.bytes if stride is None else stride
        array, count = count is not None, count or 1
        entry = Entry(name, register, offset, count, stride, when, array)
        last = (1 << entry.index_bits) - 1 if aligned else count - 1
        variable = last * stride | (register.bytes - 1)
        if stride & (stride - 1) or stride < register.bytes:
            raise ValueError(f"stride of {name} must be a power of two of at least "
                             f"{register.bytes}, not {stride!r}")
        if aligned and offset & variable:
            raise ValueError(f"offset of {name} is not aligned: {offset:#x}")
        if offset + variable >= 1 << self.addr_bits:
            raise ValueError(f"{name} at {offset:#x} is outside a window of "
                             f"{1 << self.addr_bits:#x} bytes")
        if any(other.name == name for other in self.entries):
            raise ValueError(f"there is a register {name} already")
        self.entries.append(entry)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)


class Port:
    """The interface of one entry of the map to the logic of its device.

    ``read`` and ``write`` are high for the one cycle of an access. ``index`` is the element of an
    array, ``w_data`` has the written fields, and ``w_mask`` a bit for each written byte. The device
    drives ``r_data`` in the cycle of ``read``; it may depend on ``index``. The device drives
    ``here`` low while another register has this address. A deferred read is answered with
    ``r_data`` in the cycle in which the device sets ``done``. That must be a later cycle than that
    of ``read``, and the bridge accepts nothing until then.
    """

    def __init__(self, entry: Entry) -> None:
        self.entry, name, layout = entry, entry.name, entry.register.layout
        self.index = Signal(entry.index_bits, name=f"{name}_index")
        self.read = Signal(name=f"{name}_read")
        self.write = Signal(name=f"{name}_write")
        self.w_data = Signal(layout, name=f"{name}_w_data")
        self.w_mask = Signal(entry.register.bytes, name=f"{name}_w_mask")
        self.r_data = Signal(layout, name=f"{name}_r_data")
        self.here = Signal(name=f"{name}_here", init=1)
        self.done = Signal(name=f"{name}_done")

    def merge(self, old: Value) -> Value:
        """``old`` with the written bytes replaced."""
        new = Value.cast(self.w_data)
        return Cat(*(Mux(self.w_mask[i], new[8 * i:8 * i + 8], old[8 * i:8 * i + 8])
                     for i in range(self.entry.register.bytes)))


class Bridge(wiring.Component):
    """Decodes accesses to a register map.

    A read is answered one cycle after its acceptance. A write takes effect at the end of the cycle
    of its acceptance. An access is accepted in every cycle, except during a deferred read (see
    ``Port``) of an entry in ``deferred``. A read of a size that the register does not permit is
    answered with ``error``; a write of such a size is dropped. Where there is no register, reads
    give 0 and writes are dropped.
    """

    def __init__(self, registers: RegisterMap, *, deferred: tuple[str, ...] = ()) -> None:
        self.registers, self.deferred = registers, deferred
        self._ports = {entry.name: Port(entry) for entry in registers}
        super().__init__({"bus": In(MmioSignature(registers.addr_bits))})

    def __getitem__(self, name: str) -> Port:
        return self._ports[name]

    def elaborate(self, platform) -> Module:
        m = Module()
        request, response = self.bus.request, self.bus.response
        waiting = Signal()  # for a deferred read
        accept = Signal()
        m.d.comb += [
            request.ready.eq(~waiting),
            accept.eq(request.valid & ~waiting),
        ]

        values, errors, defers, dones = [], [], [], []
        for port in self._ports.values():
            entry = port.entry
            hit = Signal(name=f"{entry.name}_hit")
            readable, writable = (mode in entry.register.access for mode in "rw")
            m.d.comb += [
                hit.eq(self._matches(entry) & port.here),
                port.index.eq(self._index(entry)),
                port.w_data.eq(self._lanes(entry, request.p.data, 8)),
                port.w_mask.eq(self._lanes(entry, request.p.mask, 1)),
            ]
            size_ok = Cat(request.p.size == size.bit_length() - 1
                          for size in entry.register.sizes).any()
            if writable:
                m.d.comb += port.write.eq(accept & request.p.write & hit & size_ok)
            if readable:
                m.d.comb += port.read.eq(accept & ~request.p.write & hit & size_ok)
                errors.append(hit & ~size_ok)
                if entry.name in self.deferred:
                    defers.append(port.read)
                    dones.append(port.done)
                    values.append(self._spread(entry, Mux(port.done, port.r_data, 0)))
                else:
                    values.append(self._spread(entry, Mux(hit, port.r_data, 0)))

        defer, done = Signal(), Signal()
        value = reduce(or_, values, C(0, 64))
        m.d.comb += [
            defer.eq(Cat(defers).any()),
            done.eq(waiting & Cat(dones).any()),
        ]
        m.d.sync += response.valid.eq(accept & ~request.p.write & ~defer | done)
        with m.If(accept & ~request.p.write | done):
            m.d.sync += [
                response.p.data .eq(value),
                response.p.error.eq(Cat(errors).any() & ~waiting),
            ]
        with m.If(defer):
            m.d.sync += waiting.eq(1)
        with m.Elif(done):
            m.d.sync += waiting.eq(0)
        return m

    def _index_range(self, entry: Entry) -> tuple[int, int]:
        low = (entry.stride or entry.register.bytes).bit_length() - 1
        return low, low + entry.index_bits

    def _index(self, entry: Entry) -> Value:
        low, high = self._index_range(entry)
        return self.bus.request.p.addr[low:high]

    def _matches(self, entry: Entry) -> Value:
        """The address is that of the entry, ignoring the byte offset and the index."""
        low, high = self._index_range(entry)
        lowest = entry.register.bytes.bit_length() - 1
        fixed = [bit for bit in range(lowest, self.registers.addr_bits) if not low <= bit < high]
        address = Cat(self.bus.request.p.addr[bit] for bit in fixed)
        wanted = sum((entry.offset >> bit & 1) << i for i, bit in enumerate(fixed))
        match = address == wanted
        if entry.count != 1 << entry.index_bits:
            match &= self._index(entry) < entry.count
        return match

    def _lanes(self, entry: Entry, dword: Value, unit: int) -> Value:
        """The lanes of the addressed register in a dword of ``unit`` bits a byte."""
        size = entry.register.bytes
        if entry.index_bits and entry.stride < 8:
            return dword.word_select(self.bus.request.p.addr[size.bit_length() - 1:3], size * unit)
        lane = entry.offset % 8
        return dword[lane * unit:(lane + size) * unit]

    def _spread(self, entry: Entry, value: Value) -> Value:
        """The value of a register, on every lane that the register may occupy."""
        size = entry.register.bytes
        if entry.index_bits and entry.stride < 8:
            return Cat(value, C(0, 8 * size - len(value))).replicate(8 // size)
        return Cat(C(0, 8 * (entry.offset % 8)), value)
