"""The host's end of a serial line."""

import os
from typing import Protocol

import serial


class LineError(Exception):
    """The line or the device at its other end fails. The message is one line for the user."""


class Line(Protocol):
    """Carries bytes both ways. ``baud`` is the rate in bits a second and can be assigned."""

    baud: int

    def read(self, seconds: float) -> bytes:
        """Returns received bytes. Waits up to ``seconds`` for the first. Raises ``LineError``."""

    def write(self, data: bytes) -> None:
        """Sends all bytes. Raises ``LineError``."""


class SerialLine:
    """A port of the operating system: a USB bridge, or a pseudo terminal."""

    def __init__(self, port: str, baud: int) -> None:
        try:
            self._port = serial.Serial(port, baud, exclusive=True)
        except (serial.SerialException, ValueError, OSError) as error:
            number = getattr(error, "errno", None)
            raise LineError(f"{port}: {os.strerror(number) if number else error}") from None

    @property
    def baud(self) -> int:
        return self._port.baudrate

    @baud.setter
    def baud(self, baud: int) -> None:
        try:
            self._port.flush()
            self._port.baudrate = baud
        except (serial.SerialException, ValueError, OSError) as error:
            raise LineError(f"{self._port.port}: {baud} baud: {error}") from None

    def read(self, seconds: float) -> bytes:
        try:
            self._port.timeout = seconds
            first = self._port.read(1)
            return first + self._port.read(self._port.in_waiting) if first else b""
        except (serial.SerialException, OSError) as error:
            raise LineError(f"{self._port.port}: the line is gone ({error})") from None

    def write(self, data: bytes) -> None:
        try:
            self._port.write(data)
        except (serial.SerialException, OSError) as error:
            raise LineError(f"{self._port.port}: the line is gone ({error})") from None

    def close(self) -> None:
        self._port.close()
