"""Model of a Wishbone initiator. Drives after a falling edge, samples before a rising edge."""

from collections.abc import Iterator

from cocotb.triggers import FallingEdge, ReadOnly

SIGNALS = ("cyc", "stb", "we", "adr", "sel", "dat_w", "dat_r", "ack", "err", "stall")


class Wishbone:
    """Makes accesses. Its signals are those of Wishbone with ``prefix``.

    A pipelined initiator continues when ``stall`` is low. It presents the next access before the
    answer to the last. A classic initiator has no ``stall`` and holds ``stb`` until the answer.
    """

    def __init__(self, dut, prefix: str, *, pipelined: bool, pause: Iterator[bool]) -> None:
        self.dut, self.pipelined, self.pause = dut, pipelined, pause
        for name in SIGNALS:
            setattr(self, name, getattr(dut, prefix + name))
        self.cyc.value = self.stb.value = 0

    async def run(self, accesses: list) -> list[tuple[int, bool]]:
        """Makes the accesses (``write``, ``addr``, ``strobe``, ``data``). Returns words read and
        errors."""
        waiting, shown, answers, idle = list(accesses), None, [], 0
        in_flight = 0
        while len(answers) < len(accesses):
            if shown is None and waiting and not next(self.pause):
                shown = waiting.pop(0)
                self.put(shown)
            self.stb.value = int(shown is not None)
            self.cyc.value = int(shown is not None or in_flight > 0)
            await ReadOnly()
            ack, err = int(self.ack.value), int(self.err.value)
            assert not (ack and err), "ack and err together"
            if ack or err:
                assert in_flight or (shown and not self.pipelined), "answer to no access"
                answers.append((int(self.dat_r.value), bool(err)))
                if self.pipelined:
                    in_flight -= 1
                else:
                    shown = None
            if self.pipelined and shown is not None and not int(self.stall.value):
                shown, in_flight = None, in_flight + 1
            idle = 0 if ack or err else idle + 1
            assert idle < 1000, "no answer"
            await FallingEdge(self.dut.clk)
        self.cyc.value = self.stb.value = 0
        return answers

    async def one(self, access) -> tuple[int, bool]:
        (answer,) = await self.run([access])
        return answer

    def put(self, access) -> None:
        """Drives the signals of an access."""
        self.we.value = int(access.write)
        self.adr.value = access.addr
        self.sel.value = access.strobe
        self.dat_w.value = access.data
