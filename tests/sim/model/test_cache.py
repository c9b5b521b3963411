"""What a user sees of the building of simulators, and what killed builds leave."""

import io
import threading

import pytest

from sim.model import cache
from sim.progress import Progress

KEY = "0123456789abcdef0123"


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "MODELS", tmp_path)
    return tmp_path


class Told(io.StringIO):
    """A standard error that knows when somebody was told to wait."""

    def __init__(self):
        super().__init__()
        self.to_wait = threading.Event()

    def write(self, text: str) -> int:
        count = super().write(text)
        if "waiting for another run" in self.getvalue():
            self.to_wait.set()
        return count


def test_the_second_of_two_builds_says_that_it_waits(monkeypatch):
    inside, go_on = threading.Event(), threading.Event()
    told = Told()
    monkeypatch.setattr("sys.stderr", told)

    def first():
        with cache._lock(KEY):
            inside.set()
            go_on.wait()

    thread = threading.Thread(target=first)
    thread.start()
    inside.wait()
    assert told.getvalue() == ""
    second = threading.Thread(target=lambda: cache._lock(KEY).__enter__())
    second.start()
    told.to_wait.wait()
    go_on.set()
    thread.join()
    second.join()


def test_what_a_killed_build_left_is_removed_and_no_other_model(models):
    for name in (f"{KEY}.x1y2", f"{KEY}.failed", "fedcba9876543210.x1y2"):
        (models / name).mkdir()
    cache._remove_unfinished(KEY)
    assert [path.name for path in models.iterdir()] == ["fedcba9876543210.x1y2"]


def test_what_it_took_the_last_time_is_expected_the_next_time(models, capsys):
    record = models / "seconds" / "a"
    with Progress("working", guess="about 1 minute", record=record):
        pass
    assert "rel4: working, about 1 minute ...\n" in capsys.readouterr().err
    assert record.read_text().isdecimal()
    record.write_text("37")
    with pytest.raises(KeyError), Progress("working", guess="about 1 minute", record=record):
        raise KeyError
    assert capsys.readouterr().err == "rel4: working, 37 s the last time ...\n"
    assert record.read_text() == "37"
