"""Constants of the SoC as Rust source, to be included into a module."""

from collections.abc import Iterator

from soc.config import SocParams

from .constants import Constant, Group, groups


def rust(params: SocParams) -> str:
    """``pub const`` for addresses, offsets, masks, interrupts and CSR numbers.

    Base addresses, sizes and interrupts are at the top level; registers, CSRs and codes are in
    modules. CSR numbers are ``u16``, other constants ``usize``.
    """
    lines = [
        f"// rel4-soc, configuration {params.name}: generated from the description of the SoC.",
    ]
    for group in groups(params):
        if group.module:
            lines += ["", f"/// {group.title}.", f"pub mod {group.module} {{"]
            for constant in group.constants:
                lines += [f"    {line}" for line in _declaration(constant)]
            if group.module == "csr":
                lines += [f"    {line}" for line in _names(group)]
            lines.append("}")
        else:
            lines += ["", f"// {group.title}"]
            for constant in group.constants:
                lines += _declaration(constant)
    return "\n".join([*lines, ""])


def _names(group: Group) -> Iterator[str]:
    """Names as debuggers print them, with the numbers. Of a series, only the first is there."""
    yield "/// Names in lower case, with the numbers. Of a series, only the first is there."
    yield "#[rustfmt::skip]"
    yield f"pub const NAMES: [(&str, u16); {len(group.constants)}] = ["
    for constant in group.constants:
        yield f'    ("{constant.name.lower()}", {constant.name}),'
    yield "];"


def _declaration(constant: Constant) -> Iterator[str]:
    if constant.doc:
        yield f"/// {constant.doc[0].upper()}{constant.doc[1:]}."
    kind = "u16" if constant.bits == 16 else "usize"
    yield f"pub const {constant.name}: {kind} = {_literal(constant)};"


def _literal(constant: Constant) -> str:
    if not constant.hexadecimal:
        return f"{constant.value:_}"
    digits = f"{constant.value:x}"
    if len(digits) <= 4:
        return f"0x{digits}"
    digits = digits.rjust(-(-len(digits) // 4) * 4, "0")
    return "0x" + "_".join(digits[i:i + 4] for i in range(0, len(digits), 4))
