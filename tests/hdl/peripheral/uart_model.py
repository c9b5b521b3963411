"""Golden model of the 16550A, one event at a time, without receive time-outs."""

RX_LEVELS = (1, 4, 8, 14)


class UartModel:
    """``rx`` holds (byte, error bits as in LSR), ``tx`` holds bytes. Registers follow the data
    sheet."""

    def __init__(self, divisor, modem):
        self.divisor, self.modem, self.modem_delta = divisor, modem, 0
        self.ier = self.mcr = self.scr = self.trigger = 0
        self.lcr, self.fifos = 3, False
        self.rx, self.tx = [], []
        self.overrun = self.head_seen = self.tx_irq = False
        self.busy = False

    @property
    def depth(self):
        return 16 if self.fifos else 1

    @property
    def loop(self):
        return bool(self.mcr & 0x10)

    def modem_lines(self):
        if not self.loop:
            return self.modem
        dtr, rts, out1, out2 = (self.mcr >> n & 1 for n in range(4))
        return rts | dtr << 1 | out1 << 2 | out2 << 3

    def change_modem(self, act):
        """Performs ``act`` and records changes of the modem lines."""
        before = self.modem_lines()
        act()
        now = self.modem_lines()
        self.modem_delta |= (before ^ now) & 0b1011 | before & ~now & 0b0100

    def line_errors(self):
        head = self.rx[0][1] if self.rx and not self.head_seen else 0
        return head | self.overrun << 1

    def cause(self):
        """Returns the interrupt identification without the FIFO bits."""
        level = RX_LEVELS[self.trigger] if self.fifos else 1
        if self.ier & 4 and self.line_errors():
            return 0x6
        if self.ier & 1 and len(self.rx) >= level:
            return 0x4
        if self.ier & 2 and self.tx_irq:
            return 0x2
        if self.ier & 8 and self.modem_delta:
            return 0x0
        return 0x1

    def irq(self):
        return self.cause() != 1

    def settle(self):
        """In loopback, moves available bytes from transmitter to receiver."""
        while self.loop and self.tx and len(self.rx) < self.depth:
            self.receive(self.tx.pop(0), 0)
            if not self.tx:
                self.tx_irq = True

    def receive(self, byte, errors):
        self.rx.append((byte, errors))

    def take(self):
        """Lets the line take a byte."""
        byte = self.tx.pop(0)
        if not self.tx:
            self.tx_irq = True
        return byte

    def read(self, offset):
        dlab = self.lcr & 0x80
        if offset == 0 and dlab:
            return self.divisor & 0xFF
        if offset == 0:
            self.head_seen = False
            return self.rx.pop(0)[0] if self.rx else 0
        if offset == 1:
            return self.divisor >> 8 if dlab else self.ier
        if offset == 2:
            cause = self.cause()
            if cause == 2:
                self.tx_irq = False
            return cause | (0xC0 if self.fifos else 0)
        if offset == 5:
            empty = not self.tx
            value = (bool(self.rx) | self.line_errors() | empty << 5
                     | (empty and (self.loop or not self.busy)) << 6
                     | any(errors for _, errors in self.rx) << 7)
            self.overrun, self.head_seen = False, bool(self.rx)
            return value
        if offset == 6:
            value, self.modem_delta = self.modem_delta | self.modem_lines() << 4, 0
            return value
        return {3: self.lcr, 4: self.mcr, 7: self.scr}.get(offset, 0)

    def write(self, offset, value):
        dlab = self.lcr & 0x80
        if offset == 0 and dlab:
            self.divisor = self.divisor & 0xFF00 | value
        elif offset == 0:
            self.tx_irq = False
            if len(self.tx) < self.depth:
                self.tx.append(value)
        elif offset == 1 and dlab:
            self.divisor = self.divisor & 0xFF | value << 8
        elif offset == 1:
            if (self.ier ^ value) & 2:
                self.tx_irq = bool(value & 2) and not self.tx
            self.ier = value & 0xF
        elif offset == 2:
            self.control_fifos(value)
        elif offset == 3:
            self.lcr = value
        elif offset == 4:
            self.change_modem(lambda: setattr(self, "mcr", value & 0x1F))
        elif offset == 7:
            self.scr = value

    def control_fifos(self, value):
        enable = bool(value & 1)
        changed = enable != self.fifos
        self.fifos = enable
        if enable:
            self.trigger = value >> 6
        if changed or enable and value & 2:
            self.rx, self.head_seen = [], False
        if (changed or enable and value & 4) and self.tx:
            self.tx, self.tx_irq = [], True
