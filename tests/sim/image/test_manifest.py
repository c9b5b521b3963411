"""Tests the manifest of the workspace, and refusals of bad manifests."""

import pytest

from sim.bench.suites import SUITES
from sim.image.manifest import BadManifest, Manifest, manifest

GOOD = '[one]\npurpose = "a test"\nprogram = "here"\n'


@pytest.fixture
def load(tmp_path):
    """Reads a manifest next to the folders ``here`` and ``there``."""
    def load(text: str) -> Manifest:
        (tmp_path / "here").mkdir(exist_ok=True)
        (tmp_path / "there").mkdir(exist_ok=True)
        (tmp_path / "images.toml").write_text(text)
        return Manifest(tmp_path / "images.toml")
    return load


def test_rows_in_order_with_defaults(load):
    rows = load(GOOD + '[two]\npurpose = "x"\nkernel = "here"\nroot = "there"\nharts = 4\n'
                'least_harts = 1\ntaic = true\narchive = ["here"]\n')
    one, two = rows.values()
    assert (one.harts, one.least, one.taic, one.suite) == (2, 2, False, "")
    assert (two.harts, two.least, two.taic) == (4, 1, True)
    assert two.main == "here"
    assert two.programs == ("here", "there", "here")


WRONG = {
    "[one]: no key 'hart'; there are purpose, program,": GOOD + "hart = 2\n",
    "[one]: harts = '2' is of the wrong type": GOOD + 'harts = "2"\n',
    "[one]: taic = 1 is of the wrong type": GOOD + "taic = 1\n",
    "[one]: archive = [1] is of the wrong type": GOOD + "archive = [1]\n",
    "[one]: no folder nowhere": GOOD.replace("here", "nowhere"),
    "[one]: has no purpose": '[one]\nprogram = "here"\n',
    "[one]: needs either program or kernel": GOOD + 'kernel = "here"\n',
    "[one]: root and archive are for a kernel": GOOD + 'root = "here"\n',
    "[one]: an archive needs a root": GOOD.replace("program", "kernel") + 'archive = ["here"]\n',
    "[one]: no language 'ada'; there are rust, c": GOOD + 'language = "ada"\n',
    "[one]: needs 1 <= least_harts <= harts, not 3 and 2": GOOD + "least_harts = 3\n",
    "[one]: memory_kib must not be negative, not -1": GOOD + "memory_kib = -1\n",
    "[../one]: a name has only letters, digits": GOOD.replace("one", '"../one"'),
    "[]: a name has only letters, digits": GOOD.replace("one", '""'),
    "]: has no purpose": GOOD.replace("a test", " "),
    "[one]: /tmp is not below the folder": GOOD.replace("here", "/tmp"),
    "[one]: ../here is not below the folder": GOOD.replace("here", "../here"),
    "has no image": "",
    "purpose is outside every table": 'purpose = "x"\n' + GOOD,
    "(at line 4": GOOD + GOOD,
}


@pytest.mark.parametrize("text", WRONG)
def test_wrong_rows_are_named_in_one_line(load, tmp_path, text):
    with pytest.raises(BadManifest) as error:
        load(WRONG[text])
    assert text in str(error.value)
    assert str(error.value).startswith(f"{tmp_path / 'images.toml'}: ")
    assert "\n" not in str(error.value)


def test_missing_manifest(tmp_path):
    with pytest.raises(BadManifest, match="no such file"):
        Manifest(tmp_path / "none.toml")


def test_unknown_image(load):
    with pytest.raises(BadManifest, match="no image 'three'; there are one"):
        load(GOOD).image("three")


def test_every_suite_has_a_program_and_no_other_is_named():
    # ``emu`` runs CoreMark, which is not ours.
    assert {row.suite for row in manifest().values() if row.suite} == set(SUITES) - {"emu"}
