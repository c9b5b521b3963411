"""Arbiter of the L2: selects the port with the next request to enter."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.bus.coherent import MemOp, mem_request_layout
from hdl.cache.l2_params import L2Params, access_layout

_NEAR_BITS = 4  # low bits of the set number that are compared to detect a possible collision
_PATIENCE = 16  # cycles for which S0 is reserved for a port after its LR


def near(one: Value, other: Value) -> Value:
    """Whether two set numbers may be equal. False only if they differ."""
    return one[:_NEAR_BITS] == other[:_NEAR_BITS]


class PortArbiter(wiring.Component):
    """Round-robin arbiter of the ports. Combinational.

    The port after the one accepted last has priority. A request that reads (all but WRITE and SC)
    waits while a write to a possibly equal set is in stage S1 or S2. It keeps its turn, so no port
    can starve another. ``ready`` depends on ``open`` of the same cycle.

    An LR/SC loop cannot starve either. After the LR of a port that lost its last SC, only that
    port may enter until its next SC, for at most 16 cycles with ``open``. All other waiting ports
    get a turn before it has this privilege again.
    """

    def __init__(self, params: L2Params) -> None:
        self.params = params
        ports = params.ports
        super().__init__({
            "valid": In(ports),
            "request": In(mem_request_layout(params.paddr_bits)).array(ports),
            "ready": Out(ports),
            "losers": In(ports),  # the ports that lost their last SC
            "open": In(1),  # stage S0 can take a request
            "s1_write": In(1),  # a write is in S1, to this set
            "s1_set": In(params.set_bits),
            "s2_write": In(1),
            "s2_set": In(params.set_bits),
            "accept": Out(1),  # ``access`` enters in this cycle
            "access": Out(access_layout(params)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params, ports = self.params, self.params.ports
        later = Signal(ports)  # the ports behind the one accepted last
        grant = Signal(ports)
        choice = Signal(range(ports))
        candidates = Signal(ports)

        shut_out = Signal(ports)  # ports that may not enter, because S0 is reserved for another
        patience = Signal(range(_PATIENCE + 1))
        asking = Signal(ports)

        m.d.comb += [
            asking.eq(self.valid & ~shut_out),
            candidates.eq(Mux((asking & later).any(), asking & later, asking)),
        ]
        m.d.comb += grant.eq(candidates & (~candidates + 1))
        for port in range(ports):
            with m.If(grant[port]):
                m.d.comb += choice.eq(port)

        waits = Signal(ports)
        for port in range(ports):
            request = self.request[port]
            of_port = request.addr[params.offset_bits:][:params.set_bits]
            reads = (request.op != MemOp.WRITE) & (request.op != MemOp.SC)
            m.d.comb += waits[port].eq(reads & (
                (self.s1_write & near(of_port, self.s1_set))
                | (self.s2_write & near(of_port, self.s2_set))
            ))
        m.d.comb += [
            self.ready.eq(Mux(self.open, grant & ~waits, 0)),
            self.accept.eq(self.ready.any()),
        ]
        with m.If(self.open & patience.any()):
            m.d.sync += patience.eq(patience - 1)
            with m.If(patience == 1):
                m.d.sync += shut_out.eq(0)
        with m.If(self.accept):
            m.d.sync += later.eq(~((grant << 1) - 1))
            with m.If((self.access.op == MemOp.LR) & (grant & self.losers).any() & ~patience.any()):
                m.d.sync += [shut_out.eq(~grant), patience.eq(_PATIENCE)]
            with m.If(self.access.op == MemOp.SC):
                m.d.sync += [shut_out.eq(0), patience.eq(0)]

        with m.Switch(choice):
            for port in range(ports):
                with m.Case(port):
                    m.d.comb += self._fill_in(self.request[port])
        m.d.comb += self.access.port.eq(grant)
        return m

    def _fill_in(self, request) -> list:
        params, access = self.params, self.access
        return [
            access.op    .eq(request.op),
            access.amo   .eq(request.amo),
            access.source.eq(request.source),
            Cat(access.dword, access.set, access.tag).eq(request.addr[3:params.paddr_bits]),
            access.data  .eq(request.data),
            access.mask  .eq(request.mask),
            access.beat  .eq(0),
            access.first .eq(1),
            access.last  .eq(request.op != MemOp.READ_LINE),
        ]
