"""The memories of the L2: tags, line state and data, in block RAM."""

from amaranth import *
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from hdl.cache.l2_params import L2Params

# A word that is read in the cycle of its write is never used. So the block RAM needs no logic that
# defines its value.
_NO_COLLISION = {"no_rw_check": 1}


class TagArray(wiring.Component):
    """Valid bits, tags, dirty bits and presence bits of all ways of a set.

    A read of ``read_set`` in cycle ``n`` is answered in ``n + 1``; ``hold`` keeps the previous
    answer. There is no read enable, because it would come late. A read in cycle ``n`` sees the
    state (dirty, presence) that is written in cycle ``n``. A tag is undefined if it is read in the
    cycle of its write. After reset the valid bits are cleared, one set a cycle. ``initialised`` is
    low until then, and nothing may be used or written.
    """

    def __init__(self, params: L2Params) -> None:
        self.params = params
        ways = params.ways
        super().__init__({
            "initialised": Out(1),
            "hold": In(1),
            "read_set": In(params.set_bits),
            "valid": Out(ways),
            "tag": Out(params.tag_bits).array(ways),
            "dirty": Out(ways),
            "presence": Out(params.ports).array(ways),
            "write_set": In(params.set_bits),
            "tag_en": In(ways),  # the line becomes valid with ``write_tag``
            "write_tag": In(params.tag_bits),
            "state_en": In(ways),
            "write_dirty": In(1),
            "write_presence": In(params.ports),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params, ways, ports = self.params, self.params.ways, self.params.ports

        walk = Signal(params.set_bits + 1)
        m.d.comb += self.initialised.eq(walk[-1])
        with m.If(~self.initialised):
            m.d.sync += walk.eq(walk + 1)

        write_set = Mux(self.initialised, self.write_set, walk[:-1])
        for way in range(ways):
            m.submodules[f"tags_{way}"] = tags = memory.Memory(
                shape=unsigned(1 + params.tag_bits), depth=params.sets, init=[],
                attrs=_NO_COLLISION,
            )
            write, read = tags.write_port(), tags.read_port()
            m.d.comb += [
                write.addr.eq(write_set),
                write.data.eq(Cat(self.initialised, self.write_tag)),
                write.en.eq(self.tag_en[way] | ~self.initialised),
                read.addr.eq(self.read_set),
                read.en.eq(~self.hold),
                Cat(self.valid[way], self.tag[way]).eq(read.data),
            ]

        lane = 1 + ports
        m.submodules.state = state = memory.Memory(
            shape=unsigned(ways * lane), depth=params.sets, init=[])
        write = state.write_port(granularity=lane)
        read = state.read_port(transparent_for=(write,))
        m.d.comb += [
            write.addr.eq(self.write_set),
            write.data.eq(Cat(self.write_dirty, self.write_presence).replicate(ways)),
            write.en.eq(self.state_en),
            read.addr.eq(self.read_set),
            read.en.eq(~self.hold),
        ]
        for way in range(ways):
            m.d.comb += Cat(self.dirty[way], self.presence[way]).eq(
                read.data.word_select(way, lane))
        return m


class DataArray(wiring.Component):
    """The data of all ways, one dword wide each.

    ``read_addr`` in cycle ``n`` selects a dword in each way. ``capture`` in ``n + 1`` stores these
    dwords in registers. From ``n + 2`` on, ``data`` is the one of ``way``, combinationally. A dword
    that is written in cycle ``n`` must not be captured.
    """

    def __init__(self, params: L2Params) -> None:
        self.params = params
        address_bits = params.set_bits + params.beat_bits
        super().__init__({
            "read_addr": In(address_bits),  # set in the upper bits, dword in the lower
            "capture": In(1),
            "way": In(params.way_bits),
            "data": Out(64),
            "write_en": In(1),  # writes to ``way``
            "write_addr": In(address_bits),
            "write_mask": In(8),
            "write_data": In(64),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params = self.params
        captured = Array(
            Signal(64, name=f"captured_{way}", reset_less=True) for way in range(params.ways))
        for way in range(params.ways):
            m.submodules[f"way_{way}"] = lines = memory.Memory(
                shape=unsigned(64), depth=params.sets * params.beats, init=[],
                attrs=_NO_COLLISION,
            )
            write, read = lines.write_port(granularity=8), lines.read_port()
            m.d.comb += [
                write.addr.eq(self.write_addr),
                write.data.eq(self.write_data),
                read.addr.eq(self.read_addr),
            ]
            with m.If(self.write_en & (self.way == way)):
                m.d.comb += write.en.eq(self.write_mask)
            with m.If(self.capture):
                m.d.sync += captured[way].eq(read.data)
        m.d.comb += self.data.eq(captured[self.way])
        return m
