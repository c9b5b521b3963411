"""Converts values of structured ports from and to dictionaries."""

from amaranth import Shape
from amaranth.lib import data


def pack(shape, values: dict) -> int:
    """Returns the bits of a structure. Nested structures are dictionaries; missing fields are 0."""
    layout = data.Layout.cast(shape)
    packed = 0
    for name, value in values.items():
        field = layout[name]
        if isinstance(value, dict):
            value = pack(field.shape, value)
        width = Shape.cast(field.shape).width
        packed |= (int(value) & (1 << width) - 1) << field.offset
    return packed


def unpack(shape, packed: int) -> dict:
    """Returns the fields of a structure. Nested structures are dictionaries."""
    values = {}
    for name, field in data.Layout.cast(shape):
        value = packed >> field.offset & (1 << Shape.cast(field.shape).width) - 1
        try:
            nested = data.Layout.cast(field.shape)
        except TypeError:
            nested = None
        values[name] = unpack(nested, value) if nested is not None else value
    return values
