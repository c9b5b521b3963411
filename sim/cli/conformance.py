"""``rel4 conformance``: runs public test suites on the RTL from the user's checkouts, and tests
what several harts see of each other."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer
from typer import Argument, Option

from sim.cli import app, refuse
from sim.cli.options import FIRMWARE, Config, Harts, soc_params
from sim.conformance import benchmarks, qemu, riscv_tests, spike
from sim.conformance.random_comparison import Outcome
from sim.conformance.riscv_tests import SuiteError
from sim.conformance.sel4test.image import BadSuite
from sim.emulator.run import EmulatorOptions
from sim.model.elf import BadImage
from sim.model.run_options import BadArgument, Latency, RunOptions
from sim.model.simulate import Result, simulate
from sim.ordering import contention, litmus
from sim.ordering.machine import Machine, OrderingError
from sim.ordering.rvwmo import Model
from sim.output import write_output
from sim.tools import BUILD, ToolError
from soc.config import configuration

KERNEL = BUILD / "sw" / "kernel.elf"

verbs = typer.Typer(
    help="run public test suites and benchmarks on the RTL", no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(verbs, name="conformance")

Checkout = Annotated[Path, Argument(metavar="DIR", help="checkout of the suite")]
Pattern = Annotated[str, Option(metavar="REGEX", help="only what matches")]
Jobs = Annotated[int, Option(metavar="N", help="runs side by side")]
Delay = Annotated[
    str, Option("--latency", metavar="N|random[:SEED]", help="cycles from a DRAM request to its "
                                                             "data")
]


@verbs.command("riscv-tests")
def run_riscv_tests(
    checkout: Checkout, config: Config = "default", harts: Harts = 1, latency: Delay = "10",
    pattern: Pattern = "", jobs: Jobs = 2,
    emu: Annotated[bool, Option("--emu", help="on the emulator, not on the RTL")] = False,
) -> None:
    """rv64 ui, um, ua, uc, mi and si programs, environments p and v"""

    def report(outcome: riscv_tests.Outcome) -> None:
        detail = f": {outcome.detail}" if outcome.detail else ""
        print(f"{'pass' if outcome.passed else 'FAIL'} {outcome.program.name}{detail}", flush=True)

    with refusing():
        outcomes = riscv_tests.run(
            checkout, BUILD / "riscv-tests", params=configuration(config, harts=harts),
            latency=Latency.parse(latency), pattern=pattern, jobs=jobs, emulator=emu,
            report=report,
        )
    conclude(sum(o.passed for o in outcomes), len(outcomes))


@verbs.command("riscv-formal")
def run_riscv_formal(
    checkout: Checkout,
    only: Annotated[str, Option(metavar="REGEX", help="only checks that match")] = "",
    jobs: Jobs = 2,
    record: Annotated[Path | None, Option(
        "--json", metavar="FILE", help="keep results there; what has one for this very design is "
                                       "not run again")] = None,
    planted: Annotated[bool, Option(
        "--planted", help="instead, see that planted faults make checks fail")] = False,
) -> None:
    """instruction, pc, register, causality and CSR checks on the hart"""

    from sim.conformance import riscv_formal
    from sim.conformance.formal_faults import Fault
    from sim.conformance.riscv_formal import Result

    def show_result(number: int, count: int, result: Result) -> None:
        print(f"[{number}/{count}] {result.status:8} {result.check}, depth {result.depth}, "
              f"{result.seconds} s", flush=True)

    def show_fault(fault: Fault, result: Result) -> None:
        verdict = "found" if result.status == "fail" else f"MISSED ({result.status})"
        print(f"{verdict} by {result.check} in {result.seconds} s: {fault.name}", flush=True)

    with refusing():
        if planted:
            results = riscv_formal.run_planted(checkout, BUILD / "riscv-formal-planted",
                                               pattern=only, report=show_fault)
        else:
            results = riscv_formal.run(checkout, BUILD / "riscv-formal", pattern=only, jobs=jobs,
                                       record=record, report=show_result)
            print(riscv_formal.summary(results))
    wanted = "fail" if planted else "pass"
    conclude(sum(result.status == wanted for result in results), len(results),
             "found" if planted else "passed")


@verbs.command("litmus")
def run_litmus(
    config: Config = "default", harts: Harts = 2, latency: Delay = "random:1",
    iterations: Annotated[int, Option(metavar="N", help="iterations of each test")] = 4000,
    seed: Annotated[int, Option(metavar="N", help="seed of delays and places")] = 1,
    only: Pattern = "",
    record: Annotated[Path | None, Option(
        "--json", metavar="FILE", help="write all outcomes")] = None,
) -> None:
    """litmus tests of the memory model; fails if an outcome is forbidden"""

    def report(result: litmus.Outcomes) -> None:
        told = [f"{word} {show_counts(counts)}" for word, counts in (
            ("FORBIDDEN", result.forbidden), ("beyond TSO", result.seen(Model.RVWMO)),
            ("weak", result.seen(Model.TSO))) if counts]
        told += [f"not seen, though allowed by {model.name}: {' '.join(result.unseen(model))}"
                 for model in (Model.TSO, Model.RVWMO) if result.unseen(model)]
        print(f"{'FAIL' if result.forbidden else 'pass'} {result.test.name}, "
              f"{result.iterations} iterations{''.join(f'; {text}' for text in told)}", flush=True)
        done.append(result.as_json())
        if record:
            write_output(json.dumps(done, indent=1) + "\n", record, sys.stdout)

    done: list[dict] = []
    with refusing():
        machine = Machine(configuration(config, harts=harts), Latency.parse(latency))
        results = litmus.run(machine, litmus.tests(machine, only), iterations=iterations,
                             seed=seed, report=report)
    conclude(sum(not result.forbidden for result in results), len(results))


@verbs.command("contention")
def run_contention(
    config: Config = "default", harts: Harts = 2, latency: Delay = "10",
    cycles: Annotated[int, Option(metavar="N", help="cycles of each way to count")] = 20_000,
    seed: Annotated[int, Option(metavar="N", help="seed of the pauses")] = 1,
) -> None:
    """atomics and locks under contention; fails if a count is lost or a hart starves"""
    contests = []
    with refusing():
        machine = Machine(configuration(config, harts=harts), Latency.parse(latency))
        for contest in contention.run(machine, cycles=cycles, seed=seed):
            shares = ", ".join(f"{share.counted} (longest {share.longest}, mean {share.mean})"
                               for share in contest.shares)
            told = "".join(f"; {fault}" for fault in contest.faults)
            print(f"{'FAIL' if contest.faults else 'pass'} {contest.way}, pauses to "
                  f"{contest.pause}: {shares}{told}", flush=True)
            contests.append(contest)
    conclude(sum(not contest.faults for contest in contests), len(contests))


def show_counts(counts: dict[str, int]) -> str:
    return " ".join(f"{outcome}={count}" for outcome, count in sorted(counts.items()))


Programs = Annotated[int, Option(metavar="N", help="random programs")]
Instructions = Annotated[int, Option(metavar="N", help="instructions of each program")]
FirstSeed = Annotated[int, Option(metavar="N", help="seed of the first program")]


@verbs.command("spike")
def run_spike(programs: Programs = 20, instructions: Instructions = 1500,
              seed: FirstSeed = 1) -> None:
    """the emulator and Spike execute random programs of the base ISA, and agree"""
    compare_with(spike, programs, instructions, seed)


@verbs.command("qemu")
def run_qemu(programs: Programs = 20, instructions: Instructions = 1500,
             seed: FirstSeed = 1) -> None:
    """the emulator and QEMU execute random programs of the base ISA, and agree"""
    compare_with(qemu, programs, instructions, seed)


def compare_with(machine: ModuleType, programs: int, instructions: int, seed: int) -> None:
    with refusing():
        outcomes = machine.run(BUILD / machine.__name__.rpartition(".")[2], programs=programs,
                               instructions=instructions, seed=seed, report=show_comparison)
    conclude(sum(not outcome.difference for outcome in outcomes), len(outcomes), "agree")


def show_comparison(outcome: Outcome) -> None:
    print(f"{'FAIL' if outcome.difference else 'pass'} seed {outcome.seed}, "
          f"{outcome.instructions} instructions"
          f"{': ' if outcome.difference else ''}{outcome.difference}", flush=True)


@verbs.command("sel4test")
def run_sel4test(
    build: Annotated[Path, Argument(metavar="DIR", help="build folder of sel4test")],
    harts: Harts = 1,
    kernel: Annotated[Path, Option(metavar="F.elf", help="kernel to put into the image")] = KERNEL,
    own_kernel: Annotated[bool, Option(
        "--own-kernel", help="leave the kernel that the image has")] = False,
    firmware: Annotated[Path, Option(metavar="FW.elf", help="program in M-mode")] = FIRMWARE,
    only: Annotated[str, Option(metavar="REGEX", help="only tests of such a name")] = "",
    memory: Annotated[int, Option(metavar="MIB", help="size of DRAM in MiB")] = 2048,
    config: Config = "default",
    max_cycles: Annotated[int, Option(
        metavar="N", help="give up after N cycles of a hart")] = 20_000_000_000,
    verbose: Annotated[bool, Option("--verbose", help="show all output")] = False,
    record: Annotated[Path | None, Option(
        "--json", metavar="FILE", help="write all outcomes")] = None,
) -> None:
    """seL4's own tests on the emulator, in an image of seL4's build with our kernel"""
    from sim.conformance.sel4test import run as sel4test

    with refusing():
        image, disabled = sel4test.prepare(build, None if own_kernel else kernel, only)
        options = EmulatorOptions(max_cycles=max_cycles)
        done = sel4test.run(image, disabled, firmware, soc_params(config, harts, memory), options,
                            (lambda line: print(line, flush=True)) if verbose else lambda _: None)
    if record:
        write_output(json.dumps(done.as_json(), indent=1) + "\n", record, sys.stdout)
    for outcome in done.run:
        told = f": {'; '.join(outcome.complaints)}" if outcome.complaints else ""
        told = told or ("" if outcome.ended else ": did not end")
        print(f"{'pass' if outcome.passed else 'FAIL'} {outcome.name}{told}")
    for word, names in (("not run", done.missing), ("disabled", done.disabled)):
        for name in names:
            print(f"{word} {name}")
    if done.stopped:
        print(f"the suite did not come to its end: {done.stopped}")
    tests = done.tests
    passed = sum(outcome.passed for outcome in tests)
    print(f"{passed} of {len(tests) + len(done.missing)} passed, {len(done.disabled)} disabled")
    if not done.passed:
        sys.exit(1)


@verbs.command("coremark")
def run_coremark(
    checkout: Checkout, config: Config = "default", latency: Delay = "10",
    iterations: Annotated[int, Option(metavar="N", help="iterations")] = 40,
) -> None:
    """CoreMark with GCC, -O2 and -O3"""
    with refusing():
        for level, flags in benchmarks.COREMARK_FLAGS.items():
            image = benchmarks.build_coremark(checkout, BUILD / "benchmarks", level, iterations)
            result = run_benchmark(image, config, latency)
            output = result.output.decode(errors="replace")
            show(benchmarks.read_coremark(output, " ".join(flags)), "CoreMark", result)


@verbs.command("dhrystone")
def run_dhrystone(checkout: Checkout, config: Config = "default", latency: Delay = "10") -> None:
    """Dhrystone of riscv-tests with GCC"""
    with refusing():
        image = benchmarks.build_dhrystone(checkout, BUILD / "benchmarks")
        result = run_benchmark(image, config, latency)
        show(benchmarks.read_dhrystone(result.output.decode(errors="replace")), "DMIPS", result)


def run_benchmark(image: Path, config: str, latency: str) -> Result:
    options = RunOptions(max_cycles=2_000_000_000, latency=Latency.parse(latency))
    result = simulate(configuration(config, harts=1), image, options)
    if not result.passed:
        raise SuiteError(f"{image.name} did not pass: {result.errors.splitlines()[0]}")
    return result


def show(score: benchmarks.Score, unit: str, result: Result) -> None:
    print(f"{score.name}: {score.per_mhz:.2f} {unit}/MHz, {score.cycles} cycles each "
          f"({score.flags}); simulated at {result.report['sim_khz']:.0f} kHz", flush=True)


@contextmanager
def refusing() -> Iterator[None]:
    """Reports a suite that cannot run in one line and exits with status 2."""
    try:
        yield
    except (OrderingError, SuiteError, BadSuite, BadArgument, BadImage, ToolError,
            ValueError) as error:
        refuse("conformance", error)


def conclude(passed: int, count: int, word: str = "passed") -> None:
    print(f"{passed} of {count} {word}")
    if passed != count:
        sys.exit(1)
