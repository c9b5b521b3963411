"""The wheel works in an environment without the checkout."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from setup import FOLDERS, PACKAGE, installed
from tests.support.sources import PROJECT

MODELS = PROJECT / "build" / "models"


def run(*command, **environment) -> subprocess.CompletedProcess:
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run([str(word) for word in command], cwd="/", capture_output=True, text=True,
                          env=clean | environment)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from a copy of what git would give, and of the built programs."""
    source = tmp_path_factory.mktemp("source") / "checkout"
    for name in (*FOLDERS, PACKAGE, "setup.py", "pyproject.toml", "README.md", "LICENSE",
                 "sw/images.toml", "build/sw"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-r", PROJECT / name, source / name], check=True)
    done = run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation",
               "--no-index", "--quiet", "-w", source / "dist", source)
    assert done.returncode == 0, done.stderr
    (built,) = (source / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="session")
def environment(wheel, tmp_path_factory) -> Path:
    """An environment with the wheel. The packages that it depends on are those of the tests; the
    files that make the checkout importable do not count there."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"])
    done = run(sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install",
               "--no-deps", "--no-index", "--quiet", wheel)
    assert done.returncode == 0, done.stderr
    return folder


def test_wheel_has_one_package(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = archive.read(next(n for n in names if n.endswith("METADATA"))).decode()
    assert {name.partition("/")[0] for name in names} == {
        PACKAGE, f"{wheel.name.rpartition('-py3')[0]}.dist-info"}
    for line in ("License-Expression: BSD-2-Clause", "License-File: LICENSE",
                 "Classifier: Typing :: Typed"):
        assert line in metadata.splitlines()
    for file in ("py.typed", "sim/model/harness/main.cpp", "sw/images.toml", "programs/hello.elf"):
        assert f"{PACKAGE}/{file}" in names


def test_every_module_imports_without_the_checkout(environment):
    code = (f"import pkgutil, importlib, sys, {PACKAGE}\n"
            f"for m in pkgutil.walk_packages({PACKAGE}.__path__, '{PACKAGE}.'):\n"
            "    if m.name.rpartition('.')[2] != '__main__': importlib.import_module(m.name)\n"
            f"loaded = [n for n in sys.modules if n.partition('.')[0] in {FOLDERS}]\n"
            f"assert not loaded, loaded\n"
            f"print(len([n for n in sys.modules if n.startswith('{PACKAGE}.')]))\n")
    done = run(environment / "bin" / "python", "-c", code)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 200


def test_wheel_describes_and_exports(environment, tmp_path):
    rel4 = environment / "bin" / "rel4"
    done = run(rel4, "gen", "c-header")
    assert done.returncode == 0 and "REL4_" in done.stdout, done.stderr
    done = run(rel4, "verilog", "uintc", "--bus", "wishbone", "--core", "-o", tmp_path / "uintc.v")
    assert done.returncode == 0, done.stderr
    assert "module uintc(" in (tmp_path / "uintc.v").read_text()
    assert (tmp_path / "uintc.core").exists()
    done = run(environment / "bin" / "python", "-m", PACKAGE, "bench", "--list")
    assert done.returncode == 0 and "message" in done.stdout, done.stderr


def test_what_needs_the_checkout_says_so(environment):
    done = run(environment / "bin" / "rel4", "figures", "--check")
    assert done.returncode == 2
    assert done.stderr == ("rel4 figures: what writes pages needs a checkout of the project; "
                           "this is the installed package\n")


@pytest.mark.tier("all")
def test_wheel_simulates_and_measures(environment, tmp_path):
    """Models go to the user's cache folder. Here that has the models of the checkout: what the
    wheel elaborates is the same Verilog, so it leads to the same model."""
    cache = tmp_path / "rel4-soc"
    cache.mkdir()
    MODELS.mkdir(parents=True, exist_ok=True)
    (cache / "models").symlink_to(MODELS)
    rel4 = environment / "bin" / "rel4"
    (packages,) = environment.glob("lib/python*/site-packages")
    done = run(rel4, "sim", packages / PACKAGE / "programs" / "hello.elf",
               XDG_CACHE_HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "Hello from U-mode" in done.stdout
    report = tmp_path / "core.json"
    done = run(rel4, "bench", "core", "--json", report, XDG_CACHE_HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert json.loads(report.read_text())["metrics"]
    assert not (PROJECT / "build").samefile(cache)
    assert {path.name for path in cache.iterdir()} == {"models"}


def test_imports_are_rewritten_and_no_other_text():
    source = ('"""From hdl.x import y."""\nfrom hdl.bus import a\nfrom .soc import b\n'
              'from hdlx import c\ndef f():\n    from soc.top import (\n        Soc)\n')
    assert installed(source, Path("x.py")) == (
        '"""From hdl.x import y."""\nfrom rel4_soc.hdl.bus import a\nfrom .soc import b\n'
        'from hdlx import c\ndef f():\n    from rel4_soc.soc.top import (\n        Soc)\n')
    with pytest.raises(SystemExit, match=r"x\.py:1: write `from"):
        installed("import soc.top\n", Path("x.py"))
