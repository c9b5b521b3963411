"""Runs the tests of an image that seL4's build made, on the emulator."""

import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.conformance.sel4test.cases import cases, choose
from sim.conformance.sel4test.console import LAST_LINES, Outcome, outcomes
from sim.conformance.sel4test.image import KERNEL, BadSuite, LoaderImage
from sim.emulator.run import EmulatorOptions, emulator_command
from sim.image.boot import Boot, compose_boot
from sim.image.strip import strip
from sim.model.elf import BadImage, Program
from soc.config import SocParams


@dataclass(frozen=True)
class Outcomes:
    """The tests of a run. ``stopped`` says why it did not come to the suite's end, or is empty."""

    run: tuple[Outcome, ...]
    disabled: tuple[str, ...]
    missing: tuple[str, ...]  # enabled tests that were not started
    stopped: str

    @property
    def own(self) -> list[Outcome]:
        """The driver's tests of itself."""
        return [outcome for outcome in self.run if outcome.own]

    @property
    def tests(self) -> list[Outcome]:
        return [outcome for outcome in self.run if not outcome.own]

    @property
    def passed(self) -> bool:
        """Whether every enabled test ran and passed."""
        return not (self.stopped or self.missing) and all(o.passed for o in self.run)

    def as_json(self) -> dict:
        return {
            "passed": [o.name for o in self.tests if o.passed],
            "failed": {o.name: o.complaints or o.output[-20:] for o in self.tests
                       if not o.passed},
            "disabled": list(self.disabled),
            "not_run": list(self.missing),
            "stopped": self.stopped,
        }


def prepare(folder: Path, kernel: Path | None, pattern: str) -> tuple[LoaderImage, list[str]]:
    """Returns the image to run and the names of the tests that it leaves out.

    ``kernel`` takes the place of the kernel in the image, whose own stays without. ``pattern``
    chooses tests by their whole names. Raises ``BadSuite``.
    """
    image = LoaderImage.load(folder)
    if pattern:
        image = choose(image, pattern)
    disabled = [case.name for case in cases(image) if not case.enabled]
    if kernel is not None:
        try:
            contents = strip(kernel.read_bytes())
        except OSError as error:
            raise BadSuite(f"{kernel}: cannot be read: {error.strerror}") from None
        if not contents.startswith(b"\x7fELF"):
            raise BadSuite(f"{kernel}: no ELF file")
        image = image.with_file(KERNEL, contents)
    return image, disabled


def run(image: LoaderImage, disabled: Sequence[str], firmware: Path, params: SocParams,
        options: EmulatorOptions, report: Callable[[str], None]) -> Outcomes:
    """Runs an image until its suite ends. ``report`` is called with each line of output.

    Raises ``BadSuite`` or ``BadImage`` if it cannot be run.
    """
    with tempfile.TemporaryDirectory() as folder:
        loader, boot = Path(folder) / "loader.elf", Path(folder) / "boot.elf"
        image.link(loader)
        boot.write_bytes(compose_boot(Boot(loader, firmware), params))
        program = Program.load(boot, memory_bytes=params.dram_bytes)
        lines, stopped = _lines(emulator_command(params, program, options), report)
    done = outcomes(lines)
    started = {outcome.name for outcome in done}
    missing = tuple(case.name for case in cases(image)
                    if case.enabled and case.name not in started)
    return Outcomes(tuple(done), tuple(disabled), missing, stopped)


def _lines(command: Sequence[str], report: Callable[[str], None]) -> tuple[list[str], str]:
    """Runs a command until it prints one of ``LAST_LINES``. Returns its lines, and why it stopped
    before that."""
    lines = []
    with tempfile.TemporaryFile() as errors, subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors) as process:
        for raw in process.stdout:
            line = raw.decode(errors="replace").rstrip("\r\n")
            lines.append(line)
            report(line)
            if line.strip() in LAST_LINES:
                process.terminate()  # the root task suspends itself, and the machine idles
                return lines, ""
        code = process.wait()
        errors.seek(0)
        said = errors.read().decode(errors="replace").strip().splitlines()
    if code == 2 or code < 0:
        raise BadImage(said[-1] if said else f"the emulator ended with {code}")
    return lines, said[0] if said else f"the machine ended with code {code}"
