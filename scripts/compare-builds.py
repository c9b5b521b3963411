"""Measures the messages of ``make run`` in several builds: two compilers, two orders of linking.

``make compare-builds`` runs it, in 10 to 20 minutes. A row of the table should be the same in each
build: what differs by more than the limit is marked, and the exit status is then 1. The compilers
are that of ``make setup`` and, if it is another one, Debian's (packages ``rustc-web``,
``cargo-web``, ``rust-web-src`` and ``lld``). The second order is LLD's ``--shuffle-sections``.
"""

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from sim.bench.metric import Metric, parse_metrics
from sim.model.run_options import RunOptions
from sim.model.simulate import simulate
from soc.config import configuration

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "compare"
TARGET = "riscv64imac-unknown-none-elf"
SHOWN = ("message.round_trip", "message.mean")
LIMIT = 0.02  # of the smallest value of a row
SEED = 7
DEBIAN = Path("/usr/bin/rustc")
DEBIAN_FLAGS = "-Zbuild-std=core,alloc"


@dataclass(frozen=True)
class Build:
    """A compiler in ``path`` (None: that of ``make setup``), and a seed for the order of sections
    (None: the linker's own order)."""

    name: str
    path: Path | None
    seed: int | None

    def make(self) -> Path:
        """Returns the image."""
        out = FOLDER / self.name
        environment = dict(os.environ, RUSTFLAGS=" ".join(self._flags()))
        arguments = [f"OUT={out}", f"TARGET_DIR={out / 'target'}"]
        if self.path:
            environment |= {
                "PATH": f"{self.path}:{os.environ['PATH']}", "RUSTC_BOOTSTRAP": "1",
                f"CARGO_TARGET_{TARGET.upper().replace('-', '_')}_LINKER": "ld.lld"}
            arguments.append(f"CARGO_FLAGS={DEBIAN_FLAGS}")
        out.mkdir(parents=True, exist_ok=True)
        subprocess.run(["make", "--no-print-directory", "-C", str(ROOT / "sw"), "image-message",
                        *arguments], env=environment, check=True)
        return out / "message.elf"

    def _flags(self) -> Iterator[str]:
        config = tomllib.loads((ROOT / "sw" / ".cargo" / "config.toml").read_text())
        yield from config["target"][TARGET]["rustflags"]
        if self.seed is not None:
            yield f"-Clink-arg=--shuffle-sections=*={self.seed}"


def builds() -> list[Build]:
    """Every compiler that is there, with both orders."""
    compilers: dict[str, Path | None] = {_version("rustc"): None}
    if DEBIAN.exists():
        compilers.setdefault(_version(str(DEBIAN)), DEBIAN.parent)
    return [Build(f"{version}-{order}", path, seed) for version, path in compilers.items()
            for order, seed in (("own", None), ("shuffled", SEED))]


def _version(rustc: str) -> str:
    told = subprocess.run([rustc, "--version"], check=True, capture_output=True, text=True)
    return told.stdout.split()[1]


def measure(image: Path) -> list[Metric]:
    """Runs the image on the default SoC with two harts."""
    result = simulate(configuration("default"), image, RunOptions())
    if not result.passed:
        raise SystemExit(f"{image} did not pass: {result.errors}")
    return parse_metrics(result.output.decode().splitlines())


def main() -> int:
    """Prints the table. Returns the number of rows that differ, at most 1."""
    measured = {}
    for build in builds():
        print(f"{build.name} ...", file=sys.stderr)
        measured[build.name] = {(m.name, m.params["mode"], m.params["concurrency"]): m.value
                                for m in measure(build.make()) if m.name in SHOWN}
    table = Table("metric", "mode", "calls", *measured, "spread")
    differ = 0
    for row in next(iter(measured.values())):
        values = [build[row] for build in measured.values()]
        spread = max(values) / min(values) - 1
        differ += spread > LIMIT
        table.add_row(*row, *(f"{value:g}" for value in values),
                      f"{spread:.1%}{' !' if spread > LIMIT else ''}")
    Console().print(table)
    print(f"{differ} of {table.row_count} rows differ by more than {LIMIT:.0%}")
    return min(differ, 1)


if __name__ == "__main__":
    raise SystemExit(main())
