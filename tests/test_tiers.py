"""Tests are in the right tier, and passes are reused only if nothing changed."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import reuse, tiers
from tests.support.sources import closure, code_of, contents

PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def collected() -> list[str]:
    """Returns the names of all tests."""
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider",
         "--tier", "all", "tests"], cwd=PROJECT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout
    return [line for line in result.stdout.splitlines() if "::" in line]


@pytest.mark.parametrize("tier", tiers.RULES)
def test_each_rule_is_of_a_test(collected, tier):
    unused = [line for line in tiers.RULES[tier].split()
              if not any(tiers.matches(name, line) for name in collected)]
    assert unused == []


def test_the_last_rule_and_the_mark_decide():
    fault = "tests/formal/test_uintc.py::test_planted_fault_is_found[no_forwarding-Reads]"
    assert tiers.tier_of(fault, None) == "all"
    assert tiers.tier_of(fault, "check") == "check"
    assert tiers.tier_of("tests/soc/test_order.py::test_no_signal", None) == "test"
    with pytest.raises(ValueError, match="x: no tier 'quick', they are check, test, all"):
        tiers.tier_of("x", "quick")


def test_tiers_include_the_smaller_ones():
    assert [[tiers.within(tier, chosen) for tier in tiers.TIERS] for chosen in tiers.TIERS] == [
        [True, False, False], [True, True, False], [True, True, True]]


def test_a_module_depends_on_what_it_imports():
    found = {str(path.relative_to(PROJECT)) for path in closure(["tests.hdl.core.test_lsu"])}
    assert {"tests/hdl/core/test_lsu.py", "tests/hdl/core/lsu_model.py", "tests/support/run.py",
            "hdl/core/params.py"} <= found
    assert "tests/hdl/core/test_alu.py" not in found


def test_variables_that_a_module_names_count(monkeypatch):
    def of(value):
        monkeypatch.setenv("LSU_CONFIG", value)
        return list(contents(["tests.hdl.core.test_lsu"]))

    assert of("tiny") != of("default")
    assert of("tiny") == of("tiny")


def test_code_counts_and_words_do_not():
    text = '"""Words."""\ndef f():\n    """More words."""\n    return "text"  # a comment\n'
    assert code_of(text) == code_of(text.replace("ords", "isdom").replace("a comment", "another"))
    assert code_of(text) != code_of(text.replace('"text"', '"other"'))


def test_only_a_recorded_pass_is_reused(monkeypatch, tmp_path):
    good, faulty = reuse.key(["good", "seed"]), reuse.key(["faulty", "seed"])
    with monkeypatch.context() as patch:  # counts are as before when this test is reported
        patch.setattr(reuse, "PASSED", tmp_path)
        for name, value in (("enabled", True), ("benches", 0), ("reused", 0)):
            patch.setattr(reuse.Reuse, name, value)
        assert not reuse.passed_before(good)
        reuse.record(good, "bench")
        assert reuse.passed_before(good) and not reuse.passed_before(faulty)
        reuse.Reuse.enabled = False
        assert not reuse.passed_before(good)
        assert (reuse.Reuse.benches, reuse.Reuse.reused) == (4, 1)
