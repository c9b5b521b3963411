"""RVWMO allows everything that harts see of each other. The tests detect a late cache."""

import re
from dataclasses import replace
from unittest.mock import patch

import pytest
from amaranth import *
from amaranth.lib.wiring import In

from hdl.core.lsu import lsu
from hdl.core.lsu.dcache import DCache
from sim.model.design import soc_design
from sim.model.run_options import Latency
from sim.ordering import litmus
from sim.ordering.machine import Machine
from sim.ordering.rvwmo import Model
from soc.config import configuration

SEED = 1


def machine(harts):
    return Machine(configuration("default", harts=harts), Latency.parse("random:1"))


def run(target, pattern, iterations):
    return {result.test.name: result for result in litmus.run(
        target, litmus.tests(target, pattern), iterations=iterations, seed=SEED)}


def check(results):
    """No outcome that TSO forbids was seen, and the threads of tests really overlap."""
    for name, result in results.items():
        assert sum(result.counts.values()) == result.iterations
        assert result.forbidden == {}, name
        assert result.seen(Model.RVWMO) == {}, name
        assert len(result.counts) > 1, name


def test_two_harts():
    results = run(machine(2), "", 800)
    check(results)
    for name in ("SB", "SB+rfis", "R"):
        assert results[name].seen(Model.TSO), name
    assert set(results["LB"].counts) == {"00", "01", "10"}


def test_four_harts():
    results = run(machine(4), "IRIW|WRC|fence.rw.rws$|^SB$|AMO|LRSC", 400)
    check(results)
    assert results["SB"].seen(Model.TSO)
    assert len(results["IRIW"].counts) > 10


class LateDCache(DCache):
    """An L1D that gets invalidations 24 cycles late."""

    def elaborate(self, platform):
        m = Module()
        m.submodules.sound = sound = DCache(self.params)
        for name, member in self.signature.members.items():
            if name == "invalidate":
                continue
            own, its = getattr(self, name), getattr(sound, name)
            if member.is_signature:
                m.d.comb += [its.valid.eq(own.valid), its.p.eq(own.p)]
            elif member.flow is In:
                m.d.comb += its.eq(own)
            else:
                m.d.comb += own.eq(its)
        valid, line = self.invalidate.valid, self.invalidate.line
        for _ in range(24):
            late_valid, late_line = Signal.like(valid), Signal.like(line)
            m.d.sync += [late_valid.eq(valid), late_line.eq(line)]
            valid, line = late_valid, late_line
        m.d.comb += [sound.invalidate.valid.eq(valid), sound.invalidate.line.eq(line)]
        return m


@pytest.mark.parametrize("name", ["MP+fence.rw.rws", "MP+fence.w.w+addr", "MP+amoswap.rl+amoor.aq"])
def test_late_invalidations_are_found(name):
    params = configuration("tiny", harts=2)
    design = replace(soc_design(params), identity=f"{params!r}, late invalidations")
    broken = Machine(params, design=design)
    with patch.object(lsu, "DCache", LateDCache):
        results = run(broken, f"^{re.escape(name)}$", 1000)
    assert results[name].forbidden
