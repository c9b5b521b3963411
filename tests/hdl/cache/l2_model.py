"""The golden model of the L2: what harts may see of a coherent memory."""

from collections import deque

from hdl.bus.coherent import MemOp, MemSource
from tests.support.memory import MemRequest, MemResponse, amo_result, merged


class CoherentMemory:
    """One flat memory. It changes in the order in which responses and acknowledgements leave.

    Holds for each port its unanswered requests, the lines that its first-level cache would hold,
    and its reservation. ``refusals`` counts refused SCs with a reservation that was valid as far as
    the harts can see. An eviction of the line causes them.
    """

    def __init__(self, ports: int, background, beats: int = 8) -> None:
        self.background, self.beats = background, beats
        self.words: dict[int, int] = {}
        self.pending: list[deque[MemRequest]] = [deque() for _ in range(ports)]
        self.copies: list[dict[int, list[int]]] = [{} for _ in range(ports)]
        self.reserved: list[int | None] = [None] * ports
        self.reading: tuple[int, list[int]] | None = None  # port, remaining dwords of a READ_LINE
        self.refusals = self.successes = self.performed = 0

    def read(self, number: int) -> int:
        return self.words[number] if number in self.words else self.background(number)

    def line(self, line: int) -> list[int]:
        return [self.read(line * self.beats + dword) for dword in range(self.beats)]

    def accept(self, port: int, request: MemRequest) -> None:
        self.pending[port].append(request)
        if request.op in (MemOp.AMO, MemOp.SC):
            self.copies[port].pop(request.addr // 8 // self.beats, None)

    def invalidate(self, port: int, line: int) -> None:
        self.copies[port].pop(line, None)

    def write_done(self, port: int) -> None:
        assert self.reading is None, "a write is performed within a READ_LINE"
        assert self.pending[port], f"port {port}: write_done without a request"
        request = self.pending[port].popleft()
        assert request.op == MemOp.WRITE, f"port {port}: write_done, but next is {request}"
        self._write(port, request, request.data)

    def respond(self, port: int, response: MemResponse) -> None:
        assert self.pending[port], f"port {port}: response without a request"
        request = self.pending[port][0]
        number = request.addr // 8
        line, dword = divmod(number, self.beats)
        what = f"port {port}, {request}"
        assert response.source == request.source, f"{what}: response for {response.source}"
        if self.reading is None:
            expected = [self.read(number)]
            if request.op == MemOp.READ_LINE:
                expected = [self.read(line * self.beats + (dword + beat) % self.beats)
                            for beat in range(self.beats)]
                if request.source == MemSource.DATA:
                    self.copies[port][line] = self.line(line)
            self._perform(port, request, response, expected)
        else:
            reader, expected = self.reading
            assert reader == port, f"{what}: response within a READ_LINE of port {reader}"
        self.reading = (port, expected)
        want = expected.pop(0)
        assert response.data == want, f"{what}: {response.data:#x}, not {want:#x}"
        assert response.last == (not expected), f"{what}: last is {response.last}"
        if not expected:
            self.reading = None
            self.pending[port].popleft()

    def _perform(self, port: int, request: MemRequest, response: MemResponse,
                 expected: list[int]) -> None:
        assert request.op != MemOp.WRITE, f"port {port}: response to {request}"
        number = request.addr // 8
        line = number // self.beats
        self.performed += 1
        if request.op == MemOp.LR:
            self.reserved[port] = line
        elif request.op == MemOp.AMO:
            self._write(port, request, amo_result(
                request.amo, expected[0], request.data, request.mask))
        elif request.op == MemOp.SC:
            done = response.data == 0
            if done:
                assert self.reserved[port] == line, f"port {port}: SC without reservation"
                self.successes += 1
                self._write(port, request, request.data)
            else:
                self.refusals += self.reserved[port] == line
            self.reserved[port] = None
            expected[0] = int(not done)

    def _write(self, port: int, request: MemRequest, value: int) -> None:
        number = request.addr // 8
        line, dword = divmod(number, self.beats)
        self.performed += 1
        self.words[number] = merged(self.read(number), value, request.mask)
        for other in range(len(self.reserved)):
            if other != port and self.reserved[other] == line:
                self.reserved[other] = None
        if request.op == MemOp.WRITE and line in self.copies[port]:
            self.copies[port][line][dword] = self.words[number]
        self._check_copies(line)

    def _check_copies(self, line: int) -> None:
        """Checks that no hart can still see an old value of the line."""
        for port, copies in enumerate(self.copies):
            if line in copies:
                assert copies[line] == self.line(line), f"port {port}: stale copy of line {line:#x}"
