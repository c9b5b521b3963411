"""Selects and orders the tests, and reports on reuse; see ``tests.support.tiers``."""

from pathlib import Path

import pytest

from tests.support import durations, tiers
from tests.support.reuse import Reuse

STARTED = pytest.StashKey[tuple[float, int, int]]()


def pytest_addoption(parser) -> None:
    group = parser.getgroup("tiers")
    group.addoption("--tier", choices=tiers.TIERS, help=(
        "tests to run: check, test (if not given) or all. A file that is named runs in full."))
    group.addoption("--reuse", action="store_true", default=None, help=(
        "do not repeat a bench that passed with the same Verilog, tests, seed and tools "
        "(this is so with --tier check)"))
    group.addoption("--no-reuse", dest="reuse", action="store_false", help="run every bench")


def pytest_configure(config) -> None:
    config.addinivalue_line("markers", "tier(name): the first of check, test, all with this test")
    reuse = config.getoption("reuse")
    Reuse.enabled = config.getoption("tier") == "check" if reuse is None else reuse
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder())


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items) -> None:
    """Keeps the tests of the tier. With several workers, the longest tests start first."""
    tier = config.getoption("tier")
    named = {Path(arg.partition("::")[0]).resolve() for arg in config.args}

    def chosen(item) -> bool:
        if tier is None and item.path in named:
            return True
        mark = item.get_closest_marker("tier")
        return tiers.within(tiers.tier_of(item.nodeid, mark and mark.args[0]), tier or "test")

    items[:] = [item for item in items if chosen(item)]
    if hasattr(config, "workerinput"):
        seconds = config.workerinput["seconds"]
        items.sort(key=lambda item: -seconds.get(item.nodeid, 0))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    """All workers must have the same order, so they get the durations from here."""
    node.workerinput["seconds"] = durations.known()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item) -> None:
    item.stash[STARTED] = durations.processor_seconds(), Reuse.benches, Reuse.reused


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Adds the processor time of a test and its number of reused benches to its report."""
    report = yield
    if report.when == "call":
        seconds, benches, reused = item.stash[STARTED]
        report.user_properties += [
            ("processor_seconds", round(durations.processor_seconds() - seconds, 1)),
            ("benches", Reuse.benches - benches), ("reused", Reuse.reused - reused)]
    return report


class Recorder:
    """Collects the figures of all reports. Only the process that sees all reports has one."""

    def __init__(self) -> None:
        self.benches = self.reused = 0
        self.seconds: dict[str, float] = {}

    def pytest_runtest_logreport(self, report) -> None:
        said = dict(report.user_properties)
        if report.when != "call" or "benches" not in said:
            return
        self.benches += said["benches"]
        self.reused += said["reused"]
        if report.passed and not said["reused"]:
            self.seconds[report.nodeid] = said["processor_seconds"]

    def pytest_sessionfinish(self) -> None:
        durations.save(self.seconds)

    def pytest_terminal_summary(self, terminalreporter) -> None:
        if self.reused:
            terminalreporter.write_line(
                f"{self.reused} of {self.benches} benches passed before with the same Verilog, "
                "tests, seed and tools, and were not repeated (--no-reuse repeats them)")
