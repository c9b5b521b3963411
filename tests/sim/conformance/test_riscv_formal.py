"""Tests the environment of riscv-formal's checks: the planted faults and the record of results."""

import json
import re
from pathlib import Path

import pytest
from amaranth.back import verilog

from hdl.core.pipe.alu import Alu
from sim.conformance import riscv_formal
from sim.conformance.formal_faults import FAULTS, planted
from sim.conformance.formal_suite import CHECKS, Check
from sim.conformance.riscv_formal import Result


def check(name: str) -> Check:
    return Check(name, depth=12, job=Path(f"{name}.sby"), wants_trace=False)


def test_every_kind_of_check_finds_a_fault():
    depths = CHECKS.split("[depth]")[1].split("[")[0]
    kinds = set(re.findall(r"(?m)^\w+", depths))
    assert {check(name).kind for fault in FAULTS for name in fault.checks} == kinds


def test_a_fault_is_planted_for_a_while():
    def rtl() -> str:
        return verilog.convert(Alu(), name="alu", emit_src=False)

    sound = rtl()
    fault, = (fault for fault in FAULTS if fault.component is Alu)
    with planted(fault):
        assert rtl() != sound
    assert rtl() == sound


@pytest.fixture
def checks_run(monkeypatch):
    """Collects the names of the checks that run. Each of them passes."""
    names = []

    def run_check(check: Check) -> Result:
        names.append(check.name)
        return Result(check.name, check.kind, check.depth, "pass", 7)

    monkeypatch.setattr(riscv_formal, "generate", lambda checkout, folder: [
        check("insn_add_ch0"), check("insn_sub_ch0"), check("reg_ch0")])
    monkeypatch.setattr(riscv_formal, "digest", lambda folder: "this design")
    monkeypatch.setattr(riscv_formal, "run_check", run_check)
    return names


def run(pattern: str, record: Path) -> list[str]:
    results = riscv_formal.run(Path(), Path(), pattern=pattern, jobs=1, record=record)
    return [result.check for result in results]


def test_a_result_for_the_same_design_is_used_again(checks_run, tmp_path):
    record = tmp_path / "record.json"
    assert run("insn_sub", record) == ["insn_sub_ch0"]
    assert run("insn", record) == ["insn_add_ch0", "insn_sub_ch0"]
    assert checks_run == ["insn_sub_ch0", "insn_add_ch0"]
    assert run("reg", record) == ["reg_ch0"]
    assert len(json.loads(record.read_text())["checks"]) == 3


def test_a_result_for_another_design_is_not(checks_run, tmp_path):
    record = tmp_path / "record.json"
    old = {"check": "reg_ch0", "kind": "reg", "depth": 12, "status": "fail", "seconds": 3}
    record.write_text(json.dumps({"design": "another", "checks": [old]}))
    assert run("reg", record) == ["reg_ch0"]
    assert checks_run == ["reg_ch0"]


def test_summary_lists_what_did_not_pass():
    results = [Result("insn_add_ch0", "insn", 12, "pass", 20),
               Result("insn_sub_ch0", "insn", 12, "timeout", 600)]
    _, kind, rest = riscv_formal.summary(results).splitlines()
    assert kind.split() == ["insn", "12", "2", "1", "600", "s", "620", "s"]
    assert rest == "timeout: insn_sub_ch0, depth 12, 600 s"
