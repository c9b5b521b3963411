"""Senseless parameters are refused with a message that names the value."""

import pytest

from soc.config import CONFIGURATIONS, SocParams, configuration


def test_configurations_are_found_by_name():
    assert set(CONFIGURATIONS) == {"tiny", "default", "full"}
    for name in CONFIGURATIONS:
        assert configuration(name, harts=2).harts == 2


def test_pmp_entries():
    entries = {name: configuration(name).hart.pmp_entries for name in CONFIGURATIONS}
    assert entries == {"tiny": 8, "default": 8, "full": 16}


def test_unknown_configuration():
    with pytest.raises(ValueError, match="no configuration 'huge'; there are tiny, default, full"):
        configuration("huge")


@pytest.mark.parametrize(("change", "message"), [
    ({"harts": 0}, "harts must be 1 to 4, not 0"),
    ({"harts": 5}, "harts must be 1 to 4, not 5"),
    ({"timebase_hz": 3}, r"timebase_hz must divide clock_hz \(100000000\), not 3"),
    ({"timebase_hz": 0}, "timebase_hz must divide"),
    ({"dram_bytes": 4097}, "dram_bytes must be whole pages of 4096, not 4097"),
    ({"dram_bytes": 4 << 30}, "does not fit into 32 address bits"),
])
def test_bad_parameters(change, message):
    with pytest.raises(ValueError, match=message):
        SocParams(**change)
