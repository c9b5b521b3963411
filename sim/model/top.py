"""The SoC for the simulator: flat ports, with only the hart signals that the model must show."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.bus.coherent import MemOp
from hdl.core.commit import Commit
from hdl.core.isa import EVENT_COUNT

ALWAYS_SHOWN = ("pc", "insn", "trap", "interrupt", "cause")


class SimTop(wiring.Component):
    """Wraps ``soc`` for the harness of ``sim/model/harness``.

    Inputs, including ``restart``, are registered here. The harness sets them before a clock edge
    and the SoC sees them after it. So nothing combinational depends on an input, and the model
    computes everything once a cycle. ``restart`` is the SoC's reset and is 1 at first. ``entry`` is
    constant. A SoC without such a port ignores it.

    Signals of hart ``n`` are named ``hart<n>_...``: ``valid`` (an instruction retired or a trap was
    taken), the fields of :class:`Commit`, ``priv_now``, ``asleep``, ``events``, and the writes that
    it sends to the L2 (``store``, ``store_addr``, ``store_data``, ``store_mask``), with physical
    addresses. ``performed_...`` are the writes of all harts in the order in which the L2 performs
    them; ``hart`` is one-hot.

    Outputs that are not brought out cost no simulation time. So only ``commits`` brings out the
    whole commit port, and only ``performed`` the writes of the L2. The harness finds registers and
    ``tval`` in memories of the model (``sim.model.memories``).
    """

    def __init__(self, soc: wiring.Component, *, harts: int, commits: bool,
                 performed: bool) -> None:
        self.soc, self.harts = soc, harts
        self.fields = tuple(Commit.as_shape().members) if commits else ALWAYS_SHOWN
        paddr_bits = soc.dram.request.payload.addr.shape().width
        ports = {
            "clk": In(1),
            "restart": In(1),
            "entry": In(64),
            "dram_valid": Out(1),
            "dram_ready": In(1),
            "dram_write": Out(1),
            "dram_addr": Out(paddr_bits),
            "dram_wvalid": Out(1),
            "dram_wready": In(1),
            "dram_wdata": Out(64),
            "dram_rvalid": In(1),
            "dram_rdata": In(64),
            "uart_tx_valid": Out(1),
            "uart_tx_data": Out(8),
            "uart_rx_valid": In(1),
            "uart_rx_ready": Out(1),
            "uart_rx_data": In(8),
            "finish_valid": Out(1),
            "finish_kind": Out(16),
            "finish_code": Out(16),
        }
        if performed:
            ports |= {
                "performed_hart": Out(harts),
                "performed_atomic": Out(1),
                "performed_addr": Out(paddr_bits),
                "performed_data": Out(64),
                "performed_mask": Out(8),
            }
        for n in range(harts):
            ports |= {
                f"hart{n}_valid": Out(1),
                f"hart{n}_priv_now": Out(2),
                f"hart{n}_asleep": Out(1),
                f"hart{n}_events": Out(EVENT_COUNT),
                f"hart{n}_store": Out(1),
                f"hart{n}_store_addr": Out(paddr_bits),
                f"hart{n}_store_data": Out(64),
                f"hart{n}_store_mask": Out(8),
            }
            ports |= {
                f"hart{n}_{name}": Out(Commit.as_shape().members[name]) for name in self.fields
            }
        super().__init__(ports)

    def elaborate(self, platform) -> Module:
        m = Module()
        m.domains.sync = sync = ClockDomain()
        m.domains.inputs = inputs = ClockDomain(reset_less=True)
        reset = Signal(init=1)
        m.d.comb += [sync.clk.eq(self.clk), inputs.clk.eq(self.clk), sync.rst.eq(reset)]
        m.submodules.soc = soc = self.soc
        m.d.inputs += [
            reset.eq(self.restart),
            soc.dram.request.ready.eq(self.dram_ready),
            soc.dram.wdata.ready.eq(self.dram_wready),
            soc.dram.rdata.valid.eq(self.dram_rvalid),
            soc.dram.rdata.data.eq(self.dram_rdata),
            soc.uart_rx.valid.eq(self.uart_rx_valid),
            soc.uart_rx.payload.eq(self.uart_rx_data),
        ]
        if "entry" in soc.signature.members:
            m.d.comb += soc.entry.eq(self.entry)
        m.d.comb += [
            self.dram_valid.eq(soc.dram.request.valid),
            self.dram_write.eq(soc.dram.request.payload.write),
            self.dram_addr.eq(soc.dram.request.payload.addr),
            self.dram_wvalid.eq(soc.dram.wdata.valid),
            self.dram_wdata.eq(soc.dram.wdata.payload),
            self.uart_tx_valid.eq(soc.uart_tx.valid),
            self.uart_tx_data.eq(soc.uart_tx.payload),
            soc.uart_tx.ready.eq(1),
            self.uart_rx_ready.eq(soc.uart_rx.ready),
            self.finish_valid.eq(soc.finisher.valid),
            self.finish_kind.eq(soc.finisher.kind),
            self.finish_code.eq(soc.finisher.code),
        ]
        if "performed_hart" in self.signature.members:
            performed = soc.performed
            m.d.comb += [
                self.performed_hart.eq(performed.port),
                self.performed_atomic.eq(performed.atomic),
                self.performed_addr.eq(performed.addr),
                self.performed_data.eq(performed.data),
                self.performed_mask.eq(performed.mask),
            ]
        for n in range(self.harts):
            commit = getattr(soc, f"commit{n}")
            store = getattr(soc, f"memory{n}").request
            m.d.comb += [
                getattr(self, f"hart{n}_valid").eq(commit.valid),
                getattr(self, f"hart{n}_priv_now").eq(commit.priv),
                getattr(self, f"hart{n}_asleep").eq(commit.asleep),
                getattr(self, f"hart{n}_events").eq(commit.events),
                getattr(self, f"hart{n}_store").eq(
                    store.valid & store.ready & (store.payload.op == MemOp.WRITE)
                ),
                getattr(self, f"hart{n}_store_addr").eq(store.payload.addr),
                getattr(self, f"hart{n}_store_data").eq(store.payload.data),
                getattr(self, f"hart{n}_store_mask").eq(store.payload.mask),
            ]
            m.d.comb += [
                getattr(self, f"hart{n}_{name}").eq(commit.p[name]) for name in self.fields
            ]
        return m
