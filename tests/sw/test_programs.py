"""The programs of the workspace do on the RTL what the comments at their tops say."""

import re
import subprocess
from dataclasses import replace

import pytest

from sim.bench.metric import Metric, parse_metrics
from sim.image.c_program import COMPILER, has_compiler
from sim.image.compose import Contents, compose
from sim.image.manifest import SOFTWARE, manifest
from sim.model.design import soc_design
from sim.model.run_options import Latency, RunOptions
from sim.model.simulate import Result, simulate
from sim.tools import BUILD
from soc.config import configuration

LATENCIES = ["1", "10", "random"]

# The names of the core metrics, with the parameters that tell points apart.
CORE_METRICS = {
    "core.alu", "core.load_use", "core.l1d_hit", "core.branch_taken", "core.branch_mispredict",
    "core.mul", "core.div bits=64", "core.div bits=8", "core.amo", "core.lrsc",
    "core.mmio_read device=clint", "core.mmio_read device=clint after=store",
    "core.mmio_write device=clint", "core.l1d_miss_l2_hit",
    "core.l2_miss", "core.tlb_miss level=l2tlb", "core.tlb_miss level=walk", "core.ecall_entry",
    "core.sret", "core.uintr_entry", "core.uret", "core.timer_entry",
}

# Likewise the metrics of user interrupts.
UINTR_METRICS = {
    "uintr.send", "uintr.send_to_utvec where=same", "uintr.send_to_utvec where=cross",
    *(f"uintr.{name} save={save}" for name in ("handler_entry", "round_trip")
      for save in ("leaf", "rust", "full")),
    "uintr.pingpong save=leaf", "uintr.pingpong save=rust", "uintr.pingpong_kernel",
    *(f"uintr.offline competing={competing}" for competing in range(4)),
    *(f"uintr.switch_in from={start} where={where}" for start in ("write_low", "switch")
      for where in ("same", "migrated")),
}

# Likewise the metrics of the TAIC, on two harts.
TAIC_METRICS = {
    *(f"taic.{name}" for name in (
        "enqueue", "enqueue burst=8", "dequeue", "dequeue burst=8", "dequeue_steal",
        "dequeue_empty", "register", "cancel", "send", "enqueue_to_ready", "send_to_ready",
        "line_to_ready", "preempt")),
    *(f"taic.{name} receiver={receiver}" for name in (
        "send_to_coroutine", "line_to_coroutine line=uart", "line_to_coroutine line=simulated")
      for receiver in ("polling", "running save=leaf", "running save=rust")),
    *(f"taic.software_queue kind={kind} operation={operation}"
      for kind in ("fifo", "spsc", "spmc", "mpsc", "deque")
      for operation in ("enqueue", "dequeue", "dequeue_empty")),
    "taic.software_queue kind=deque operation=dequeue_last",
    "taic.software_queue kind=mpsc operation=enqueue where=cross",
    "taic.software_queue kind=mpsc operation=to_coroutine where=cross",
    "taic.software_queue kind=deque operation=steal where=cross",
    *(f"sched.{what} queue={queue} harts={harts}" for queue in ("taic", "software")
      for what, harts in (
          *((what, harts) for what in ("spawn", "yield", "pingpong") for harts in (1, 2)),
          ("steal", 2), ("fanout", 2))),
}

# Likewise the metrics of messages.
MESSAGE_METRICS = {
    f"message.{name} mode={mode} concurrency={concurrency}"
    for name in ("round_trip", "mean", "traps", "user_interrupts", "wakes")
    for mode in ("kernel", "uintc", "taic") for concurrency in (1, 2, 4, 8, 16, 32)
}


def names_of(metrics: list[Metric]) -> list[str]:
    return [" ".join([m.name, *(f"{k}={v}" for k, v in m.params.items())]) for m in metrics]


def run(program: str, config: str = "default", latency: str = "10",
        max_cycles: int = 20_000_000, harts: int = 2) -> Result:
    image = BUILD / "sw" / f"{program}.elf"
    assert image.exists(), f"{image} is not built: make sw"
    options = RunOptions(max_cycles=max_cycles, latency=Latency.parse(latency))
    params = configuration(config, harts=harts)
    design = replace(soc_design(params), brief=(config, harts) != ("default", 2))
    return simulate(params, image, options, design=design)


def expected_output(image: str) -> str:
    """Returns the text block of the comment at the top of an image's main program."""
    images = manifest()
    source = (images.folder(images.image(image).main) / "src" / "main.rs").read_text()
    block = re.search(r"^//! ```text\n(.*?)^//! ```$", source, re.MULTILINE | re.DOTALL)
    return "".join(line.removeprefix("//! ") for line in block[1].splitlines(keepends=True))


@pytest.mark.parametrize("latency", LATENCIES)
def test_hello_goes_to_user_mode_and_interrupts_itself(latency):
    result = run("hello", latency=latency)
    assert result.passed, result.errors
    assert result.output.decode() == expected_output("hello")


@pytest.mark.parametrize(("image", "output"), [
    ("template-rust", "Hello from Rust.\n"), ("template-c", "Hello from C.\n"),
])
def test_templates_say_hello(image, output):
    result = run(image)
    assert result.passed, result.errors
    assert result.output.decode() == output


OVERFLOW = """
int deep(volatile int *before) {
    volatile int here[16];
    here[0] = *before + 1;
    return deep(here) + here[0];
}
void _start(void) {
    volatile int first = 0;
    deep(&first);
}
"""
BUILT = SOFTWARE / "target" / "riscv64imac-unknown-none-elf" / "release"


def test_a_stack_overflow_of_a_process_is_named(tmp_path):
    """The pages below the stack are not mapped."""
    if not has_compiler():
        pytest.skip(f"{COMPILER} is not installed")
    (tmp_path / "overflow.c").write_text(OVERFLOW)
    subprocess.run([COMPILER, "-march=rv64imac_zicsr_zifencei", "-mabi=lp64", "-O1", "-nostdlib",
                    "-fno-optimize-sibling-calls", "-static", "-Wl,-Ttext=0x10000", "-o",
                    "overflow", "overflow.c"], cwd=tmp_path, check=True)
    params = configuration("default")
    contents = Contents(BUILT / "hello-kernel", BUILT / "firmware", tmp_path / "overflow")
    (tmp_path / "image.elf").write_bytes(compose(contents, params))
    result = simulate(params, tmp_path / "image.elf", RunOptions(max_cycles=5_000_000))
    assert result.exit_status == 1, result.errors
    assert re.search(r"at 0x100\w\w: stack overflow, cause 0xf, value 0x3f\w{6}\n",
                     result.output.decode()), result.output


def test_firmware_alone_says_that_it_has_no_payload():
    result = run("firmware")
    assert result.exit_status == 1
    assert result.output.decode() == "rel4 firmware: the image has no payload\n"


@pytest.mark.parametrize("harts", [1, 2, 4])
def test_firmware_serves_supervisor_mode(harts):
    result = run("sbitest", harts=harts)
    assert result.passed, result.output.decode() + result.errors
    assert result.output.decode() == expected_output("sbitest").replace(
        "of n", f"of {harts}").replace(": n harts", f": {harts} harts")


@pytest.mark.parametrize(("config", "latency"), [
    *(("default", latency) for latency in LATENCIES), ("tiny", "10"), ("full", "10"),
])
def test_selftest_passes(config, latency):
    result = run("selftest", config, latency)
    lines = result.output.decode().splitlines()
    failures = [line for line in lines[:-1] if not line.startswith("ok ")]
    assert result.passed, "\n".join([*failures, result.errors])
    assert re.fullmatch(r"selftest: \d+ passed, 0 failed, 0 skipped", lines[-1])
    assert len(lines) > 100


def test_bench_core_measures_every_point():
    result = run("bench-core")
    assert result.passed, result.errors
    metrics = parse_metrics(result.output.decode().splitlines())
    names = names_of(metrics)
    assert sorted(names) == sorted(CORE_METRICS)
    for metric in metrics:
        assert metric.samples == 1000, metric
        assert metric.value <= metric.worst < 1000, metric
    value = dict(zip(names, (metric.value for metric in metrics), strict=True))
    assert value["core.alu"] == 1
    assert value["core.l1d_miss_l2_hit"] < value["core.l2_miss"]
    assert value["core.tlb_miss level=l2tlb"] < value["core.tlb_miss level=walk"]


@pytest.mark.parametrize("latency", ["10", "random"])
def test_bench_uintr_measures_every_point(latency):
    result = run("uintr", latency=latency, max_cycles=100_000_000)
    output = result.output.decode()
    assert result.passed, output + result.errors
    assert "uintr: cycle of hart 1 less that of hart 0: 0\n" in output
    metrics = parse_metrics(output.splitlines())
    assert sorted(names_of(metrics)) == sorted(UINTR_METRICS)
    for metric in metrics:
        assert metric.samples == 1000, metric
        assert 0 < metric.value <= metric.worst, metric
    value = dict(zip(names_of(metrics), (metric.value for metric in metrics), strict=True))
    assert value["uintr.pingpong save=rust"] < value["uintr.pingpong_kernel"] / 4
    assert value["uintr.offline competing=3"] <= 2 * value["uintr.offline competing=0"]


def test_hostile_program_gets_nothing_that_it_was_not_given():
    result = run("uintr-hostile", max_cycles=100_000_000)
    output = result.output.decode()
    assert result.passed, output + result.errors
    assert output == expected_output("uintr-hostile").replace("of n", "of 2")


def test_bench_taic_measures_every_point():
    result = run("taic", max_cycles=100_000_000)
    output = result.output.decode()
    assert result.passed, output + result.errors
    metrics = parse_metrics(output.splitlines())
    value = dict(zip(names_of(metrics), (metric.value for metric in metrics), strict=True))
    assert sorted(value) == sorted(TAIC_METRICS)
    for metric in metrics:
        assert metric.samples >= 1000, metric
        assert 0 < metric.value <= metric.worst, metric
    # A wake-up of another process, compared with shared memory that both trust.
    assert (value["taic.send_to_coroutine receiver=polling"]
            < value["taic.software_queue kind=mpsc operation=to_coroutine where=cross"])
    # The executor's own cycles are the same with both queues. They are most of the first three.
    for what, most in {"spawn": 0.95, "yield": 0.95, "pingpong": 0.95, "steal": 0.6,
                       "fanout": 0.6}.items():
        taic, software = (value[f"sched.{what} queue={queue} harts=2"]
                          for queue in ("taic", "software"))
        assert taic < most * software, what


def test_harts_use_the_taic_at_once():
    result = run("taic-contention")
    assert result.passed, result.errors
    metrics = parse_metrics(result.output.decode().splitlines())
    value = dict(zip(names_of(metrics), (metric.value for metric in metrics), strict=True))
    patterns = ("enqueues", "dequeues", "bursts", "turns")
    for pattern in patterns:
        one, two, same = (value[f"taic.ops_per_cycle {who} pattern={pattern}"] for who in (
            "harts=1 contexts=different", "harts=2 contexts=different", "harts=2 contexts=same"))
        assert 0 < one < two
        assert one < same
    assert len(metrics) == 3 * len(patterns)
    # One operation on a queue takes three cycles: contexts are independent.
    assert value["taic.ops_per_cycle harts=1 contexts=different pattern=enqueues"] > 0.3
    assert value["taic.ops_per_cycle harts=2 contexts=different pattern=enqueues"] > 0.6


def test_hostile_program_gets_nothing_from_the_taic_that_it_was_not_given():
    result = run("taic-hostile", max_cycles=100_000_000)
    output = result.output.decode()
    assert result.passed, output + result.errors
    assert output == expected_output("taic-hostile").replace("of n", "of 2")


def test_bench_message_measures_every_point():
    result = run("message", max_cycles=100_000_000)
    output = result.output.decode()
    assert result.passed, output + result.errors
    metrics = parse_metrics(output.splitlines())
    assert sorted(names_of(metrics)) == sorted(MESSAGE_METRICS)
    value = dict(zip(names_of(metrics), (metric.value for metric in metrics), strict=True))
    cycles = [value[f"message.round_trip mode={mode} concurrency=1"]
              for mode in ("taic", "uintc", "kernel")]
    assert cycles == sorted(cycles)
    wakes, traps, interrupts = (
        {mode: value[f"message.{what} mode={mode} concurrency=1"]
         for mode in ("kernel", "uintc", "taic")}
        for what in ("wakes", "traps", "user_interrupts"))
    # The server sleeps before each message. The client has just woken it: it looks for the reply.
    assert wakes == {mode: pytest.approx(1, abs=0.1) for mode in wakes}
    assert traps == {"kernel": pytest.approx(2 * wakes["kernel"], abs=0.02),
                     "uintc": pytest.approx(0, abs=0.02), "taic": pytest.approx(0, abs=0.02)}
    assert interrupts == {"kernel": 0, "uintc": pytest.approx(wakes["uintc"], abs=0.01), "taic": 0}
