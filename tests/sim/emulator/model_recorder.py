"""Records what the golden model of TAIC answers, in the same form as ``recorder``."""

from dataclasses import asdict
from pathlib import Path

from hdl.taic import TaicParams
from tests.hdl.taic.taic_model import TaicModel


class ModelRecorder:
    """Performs accesses at the golden model. ``waited``: the most records that waited for places at
    the same time."""

    def __init__(self, params: TaicParams) -> None:
        self.model, self.waited = TaicModel(params), 0
        sizes = {name: size for name, size in asdict(params).items() if name != "ports"}
        self.lines = [" ".join(["taic", *(f"{name}={size}" for name, size in sizes.items())])]

    async def write(self, offset: int, value: int, size: int = 8, *, port: int = 0,
                    more: int = 0) -> None:
        self.lines.append(f"write {port:x} {offset:x} {size:x} {value:x}")
        self.model.write(offset, value, size=size, port=port)
        self._rest()

    async def read(self, offset: int, size: int = 8, *, port: int = 0) -> int | None:
        """Returns the value, or ``None`` for an error."""
        value = self.model.read(offset, size=size, port=port)
        if value is not None:
            value = value >> 8 * (offset % 8) & (1 << 8 * size) - 1
        answer = "fault" if value is None else f"{value:x}"
        self.lines.append(f"read {port:x} {offset:x} {size:x} {answer}")
        self._rest()
        return value

    async def device(self, levels: int, *, more: int = 0) -> None:
        """Sets the lines of the devices."""
        self.lines.append(f"device {levels:x}")
        self.model.levels(levels)
        self._rest()

    def _rest(self) -> None:
        interrupts = self.model.interrupts
        self.lines.append(f"lines {interrupts.usip():x} {interrupts.ssip():x}")
        self.waited = max(self.waited, len(self.model.records.due()))

    def save(self, path: Path) -> None:
        path.write_text("\n".join(self.lines) + "\n")
