"""Each parameter of a SoC can be set by its name, except those that something else decides."""

from dataclasses import fields, is_dataclass

import pytest

from soc.config import CONFIGURATIONS, SocParams, configuration, without_taic
from soc.settings import DERIVED, names, with_settings

PARAMS = configuration("default")


def all_names(params: object, prefix: str = "") -> set[str]:
    """Returns the names of all fields, also those of the parameters of parts."""
    found = set()
    for field in fields(params):
        value = getattr(params, field.name)
        found |= (all_names(value, f"{prefix}{field.name}.") if is_dataclass(value)
                  else {f"{prefix}{field.name}"})
    return found


def value_of(params: SocParams, name: str) -> object:
    value: object = params
    for part in name.split("."):
        value = getattr(value, part)
    return value


def test_every_parameter_can_be_set_or_has_a_reason():
    assert {name for name, _ in names(PARAMS)} | DERIVED.keys() == all_names(PARAMS)
    assert not {name for name, _ in names(PARAMS)} & DERIVED.keys()


@pytest.mark.parametrize("config", CONFIGURATIONS)
def test_setting_what_is_there_changes_nothing_but_the_name(config):
    params = configuration(config)
    for name, value in names(params):
        if value is not None:
            changed = with_settings(params, [f"{name}={value}"])
            assert changed.name == f"{config},{name}={value}"
            assert changed == SocParams(**vars(params) | {"name": changed.name})


@pytest.mark.parametrize("setting, name, value", [
    ("taic.tasks=2048", "taic.tasks", 2048), ("hart.pmp_entries=16", "hart.pmp_entries", 16),
    ("l2_bytes=0x1_0000", "l2_bytes", 0x1_0000), ("flash_image=0x200000", "flash_image", 0x20_0000),
    ("harts=4", "harts", 4),
])
def test_a_setting_changes_its_parameter_alone(setting, name, value):
    changed = with_settings(PARAMS, [setting])
    assert value_of(changed, name) == value
    others = {other for other, _ in names(PARAMS)} - {name}
    assert {value_of(changed, other) == value_of(PARAMS, other) for other in others} == {True}


def test_settings_add_up_and_the_last_one_counts():
    changed = with_settings(PARAMS, ["taic.tasks=2048", "taic.queues=4", "taic.tasks=4096"])
    assert (changed.taic.tasks, changed.taic.queues) == (4096, 4)
    assert with_settings(PARAMS, []) is PARAMS


@pytest.mark.parametrize("params, setting, message", [
    (PARAMS, "tasks=1", "--set tasks: no such parameter; there are harts, hart"),
    (PARAMS, "taic=1", "--set taic: no such parameter"),
    (PARAMS, "taic.tasks", "--set needs NAME=VALUE, not 'taic.tasks'"),
    (PARAMS, "taic.tasks=", "--set taic.tasks: a number, not ''"),
    (PARAMS, "harts=9", "--set harts=9: harts must be 1 to 4, not 9"),
    (PARAMS, "hart.uintc_base=0", "--set hart.uintc_base: cannot be chosen: the memory map"),
    (without_taic(PARAMS), "taic.tasks=2048", "--set taic.tasks: no such parameter"),
])
def test_what_cannot_be_set_is_refused(params, setting, message):
    with pytest.raises(ValueError) as refused:
        with_settings(params, [setting])
    assert str(refused.value).startswith(message)
