"""The machine that the emulator is to be, and the program in its memory."""

import hashlib
import os
import struct
from pathlib import Path

from sim.emulator.build import BUILT
from sim.model.elf import Program
from soc.bootrom import TARGET_OFFSET, boot_rom
from soc.config import SocParams


def machine_arguments(params: SocParams, program: Program) -> list[str]:
    """The emulator's arguments that describe the machine, and the contents of its memory."""
    arguments = ["--image", str(program.path), "--rom", str(rom_file(params, program.entry))]
    for name, value in machine_numbers(params).items():
        arguments += [f"--{name}", str(value)]
    for s in program.segments:
        arguments += ["--segment", f"{s.offset}:{s.paddr}:{s.file_bytes}:{s.memory_bytes}"]
    return arguments


def machine_numbers(params: SocParams) -> dict[str, int | str]:
    """The numbers of the machine, by the names of the emulator's arguments."""
    numbers: dict[str, int | str] = {
        "harts": params.harts,
        "memory": params.dram_bytes,
        "pmp-entries": params.hart.pmp_entries,
        "hpm-counters": params.hart.hpm_counters,
        "receivers": params.uintc_receivers,
        "plic-sources": params.plic_sources,
        "uart-divisor": params.uart_divisor,
        "timebase": params.timebase_hz,
        "clock": params.clock_hz,
    }
    if taic := params.taic:
        sizes = (taic.contexts, taic.queues, taic.priorities, taic.tasks, taic.channels,
                 taic.slots, params.plic_sources)
        numbers["taic"] = ":".join(map(str, sizes))
    return numbers


def rom_file(params: SocParams, entry: int) -> Path:
    """A file with the contents of the boot ROM, which starts the program at ``entry``."""
    contents = bytearray(boot_rom(params))
    struct.pack_into("<Q", contents, TARGET_OFFSET, entry)
    path = BUILT / "rom" / f"{hashlib.sha256(contents).hexdigest()[:20]}.bin"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_bytes(contents)
        partial.rename(path)
    return path
