"""Measures the groups of figures: runs the commands and writes ``docs/figures/GROUP.json``."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.figures.data import FIGURES, FigureError
from sim.figures.synthesis import board_values, synth_values
from sim.output import write_output

SHOWN = ("docs", "README.md")  # files that show figures; a change in them changes no figure


@dataclass(frozen=True)
class Run:
    """One command: the arguments of ``rel4``, and the part of its JSON to keep."""

    arguments: str
    keep: Callable[[dict[str, Any]], dict[str, Any]]
    parameters: dict[str, Any]

    @property
    def command(self) -> str:
        return f"rel4 {self.arguments}"


@dataclass(frozen=True)
class Group:
    """The measurements of one file. A single measurement has the name ''."""

    runs: dict[str, Run]
    minutes: int  # approximate duration


def _metrics(result: dict[str, Any]) -> dict[str, Any]:
    return {"metrics": result["metrics"]}


def _compiler(result: dict[str, Any]) -> dict[str, str]:
    """The compiler of the measured programs, if there were any."""
    told = result.get("config", {})
    if not isinstance(told, dict) or "compiler" not in told:
        return {}
    return {"compiler": " ".join(told["compiler"].split()[:2])}


def _bench(suite: str, minutes: int, harts: str) -> Group:
    parameters = {"configuration": "default", "harts": harts, "memory latency": 10}
    return Group({"": Run(f"bench {suite}", _metrics, parameters)}, minutes)


def _synth(arguments: str) -> Run:
    return Run(f"synth {arguments}", synth_values, {"configuration": "default"})


def _board(arguments: str) -> Run:
    return Run(f"build ulx3s-85f{arguments}", board_values, {"configuration": "default"})


GROUPS = {
    "core": _bench("core", 2, "1"),
    "uintr": _bench("uintr", 2, "2"),
    "taic": _bench("taic", 4, "1, 2, 4"),
    "message": _bench("message", 2, "2"),
    "area-hart": Group({"": _synth("--target hart --place 2")}, 20),
    "area-uintc": Group({f"harts-{n}": _synth(f"--target uintc --harts {n} --place 3")
                         for n in (1, 2, 4)}, 10),
    "area-taic": Group({"device": _synth("--target taic --place 1"),
                        "published": _synth("--target taic-reference --no-per-module")}, 20),
    "area-soc": Group({f"harts-{n}": _synth(f"--target soc --harts {n}") for n in (1, 2, 4)}
                      | {"harts-1-no-taic": _synth("--target soc --harts 1 --no-taic")}, 30),
    "board-ulx3s": Group({"default": _board(""), "no-taic": _board(" --no-taic"),
                          "harts-1": _board(" --harts 1"),
                          "harts-1-no-taic": _board(" --harts 1 --no-taic")}, 90),
}


def measure(name: str, root: Path, say: Callable[[str], None]) -> None:
    """Measures one group and writes its file. A failure writes nothing.

    Calls ``say`` with each command that runs and with its duration. Raises ``FigureError``.
    """
    revision = checked_out(root)
    done = {}
    for part, run in GROUPS[name].runs.items():
        say(f"{name}: {run.command} ...")
        start = time.monotonic()
        result = _result(run, root)
        done[part] = {"command": run.command, "revision": revision,
                      "parameters": run.parameters | _compiler(result)} | run.keep(result)
        say(f"{name}: {time.monotonic() - start:.0f} s")
    content = done.get("", {"measurements": done})
    write_output(json.dumps(content, indent=1) + "\n", root / FIGURES / f"{name}.json", sys.stdout)


def _result(run: Run, root: Path) -> dict[str, Any]:
    """Runs the command and returns its JSON. Hides its table and shows its progress."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "result.json"
        command = [sys.executable, "-m", "sim", *run.arguments.split(), "--json", str(path)]
        done = subprocess.run(command, cwd=root, stdout=subprocess.DEVNULL)
        if done.returncode or not path.exists():
            raise FigureError(f"{run.command} ended with status {done.returncode}")
        return json.loads(path.read_text())


def checked_out(root: Path) -> str:
    """The commit of the working tree, with the suffix ``-dirty`` if a measured file was changed."""
    head = _git(root, "rev-parse", "--short=7", "HEAD").strip()
    changed = _git(root, "status", "--porcelain", "--", ".", *(f":!{path}" for path in SHOWN))
    return f"{head}-dirty" if changed else head


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True)
    if done.returncode:
        raise FigureError(f"git {arguments[0]}: {' '.join(done.stderr.split())}")
    return done.stdout
