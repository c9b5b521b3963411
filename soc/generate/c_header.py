"""Constants of the SoC as a header for C and assembler."""

from soc.config import SocParams

from .constants import Constant, Group, groups


def c_header(params: SocParams) -> str:
    """``#define REL4_...`` for addresses, offsets, masks, interrupts and CSR numbers."""
    lines = [
        f"/* rel4-soc, configuration {params.name}: generated from the description of the SoC. */",
        "#ifndef REL4_SOC_H",
        "#define REL4_SOC_H",
    ]
    for group in groups(params):
        lines += ["", f"/* {group.title} */"]
        lines += [_define(group, constant) for constant in group.constants]
    return "\n".join([*lines, "", "#endif", ""])


def _define(group: Group, constant: Constant) -> str:
    prefix = f"REL4_{group.module.upper()}_" if group.module else "REL4_"
    value = f"{constant.value:#x}" if constant.hexadecimal else str(constant.value)
    comment = f" /* {constant.doc} */" if constant.doc else ""
    return f"#define {prefix}{constant.name} {value}{comment}"
