"""A model is built once, even if two processes want it at the same time."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support import model as models


@pytest.fixture
def built(monkeypatch, tmp_path):
    """Records the tops of the built modules. The build itself is replaced."""
    tops = []

    def build(folder, text, top, waves, make_flags):
        tops.append(top)
        time.sleep(0.05)
        if top == "broken":
            raise RuntimeError("does not build")
        for name in (f"{top}.v", top, *models.RUNTIME):
            (folder / name).write_text(text)

    monkeypatch.setattr(models, "MODELS", tmp_path)
    monkeypatch.setattr(models, "_build", build)
    return tops


def test_two_at_once_share_it(built):
    with ThreadPoolExecutor(4) as pool:
        folders = set(pool.map(lambda _: models.model("text", "dut", waves=False), range(4)))
    (folder,) = folders
    assert sorted(path.name for path in folder.iterdir()) == ["dut", "dut.v"]
    assert built == ["empty", "dut"]


def test_other_verilog_is_another_model(built):
    first, second = (models.model(text, "dut", waves=False) for text in ("good", "faulty"))
    assert first != second and (second / "dut").read_text() == "faulty"
    assert built == ["empty", "dut", "dut"]


def test_what_did_not_build_leaves_nothing(built, tmp_path):
    for _ in range(2):
        with pytest.raises(RuntimeError, match="does not build"):
            models.model("text", "broken", waves=False)
    assert not [path for path in tmp_path.iterdir() if "partial" in path.name]
    assert built == ["empty", "broken", "broken"]


def test_the_oldest_are_removed(built, monkeypatch):
    monkeypatch.setattr(models, "KEPT_MODELS", 2)
    folders = [models.model(str(n), "dut", waves=False) for n in range(4)]
    assert [folder.exists() for folder in folders] == [False, False, True, True]
