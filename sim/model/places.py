"""Finds function and source line of code addresses in a program.

The harness runs this file as a script when a run did not pass. It prints a line
``ADDRESS function at FILE:LINE`` for each address that it knows. It imports nothing of the project,
so that it starts quickly and from anywhere.
"""

import re
import sys
from bisect import bisect_right
from collections.abc import Iterable
from pathlib import Path

from elftools.dwarf.compileunit import CompileUnit
from elftools.dwarf.die import DIE
from elftools.dwarf.dwarfinfo import DWARFInfo
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

FUNCTION, UNTYPED = "STT_FUNC", "STT_NOTYPE"


def places(path: Path, addresses: Iterable[int]) -> dict[int, str]:
    """Returns a text for each of ``addresses`` in a function of ``path``.

    Without DWARF there is no line, and without symbols there is nothing.
    """
    with path.open("rb") as file:
        elf = ELFFile(file)
        starts = _functions(elf)
        dwarf = elf.get_dwarf_info() if elf.has_dwarf_info() else None
        found = {}
        for address in addresses:
            function = _function(starts, address)
            line = _line(dwarf, address) if dwarf else None
            if dwarf and line:
                function, line = _with_inlined(_scopes_at(dwarf, address), function, line)
            text = " at ".join(part for part in (function, line) if part)
            if text:
                found[address] = text
        return found


def _functions(elf: ELFFile) -> list[tuple[int, int, str]]:
    """Returns start, end and name of every function, by start. A label ends at the next one."""
    symbols = [symbol for section in elf.iter_sections() if isinstance(section, SymbolTableSection)
               for symbol in section.iter_symbols()
               if symbol["st_info"]["type"] in (FUNCTION, UNTYPED)
               and symbol["st_shndx"] not in ("SHN_UNDEF", "SHN_ABS")
               and symbol.name and not symbol.name.startswith((".", "$"))]
    starts = sorted({(symbol["st_value"], symbol["st_size"], symbol.name) for symbol in symbols})
    ranges = []
    for index, (start, size, name) in enumerate(starts):
        following = starts[index + 1][0] if index + 1 < len(starts) else start + 4096
        ranges.append((start, start + size if size else following, name))
    return ranges


def _function(ranges: list[tuple[int, int, str]], address: int) -> str | None:
    at = bisect_right(ranges, (address, 1 << 64, ""))
    for start, end, name in reversed(ranges[max(0, at - 4):at]):
        if start <= address < end:
            offset = address - start
            return f"{demangled(name)}+{offset:#x}" if offset else demangled(name)
    return None


def _unit(dwarf: DWARFInfo, address: int) -> CompileUnit | None:
    ranges = dwarf.get_aranges()
    offset = ranges.cu_offset_at_addr(address) if ranges else None
    return None if offset is None else dwarf.get_CU_at(offset)


def _line(dwarf: DWARFInfo, address: int) -> str | None:
    unit = _unit(dwarf, address)
    program = unit and dwarf.line_program_for_CU(unit)
    if not program:
        return None
    before = None
    for entry in program.get_entries():
        state = entry.state
        if state is None:
            continue
        if before and not before.end_sequence and before.address <= address < state.address:
            return f"{_file(program, before.file)}:{before.line}"
        before = state
    return None


def _file(program, number: int) -> str:
    """Returns folder and name of a file of a line program."""
    header = program.header
    first = 0 if header["version"] >= 5 else 1
    entry = header["file_entry"][number - first]
    folders = header["include_directory"]
    folder = folders[entry.dir_index - first] if entry.dir_index >= first else b""
    return str(Path(folder.decode(errors="replace")) / entry.name.decode(errors="replace"))


def _with_inlined(names: list[str], function: str | None, line: str) -> tuple[str | None, str]:
    """Names the innermost function at its line, and the function into which it was inlined."""
    if not names:
        return function, line
    inner, outer = names[-1], names[0]
    return inner, line if inner == outer else f"{line}, inlined into {outer}"


def _scopes_at(dwarf: DWARFInfo, address: int) -> list[str]:
    """Returns the names of the functions at an address, each inlined into the one before."""
    unit = _unit(dwarf, address)
    die = unit and unit.get_top_DIE()
    names = []
    while die:
        die = next((child for child in _scopes(die) if _covers(dwarf, child, address)), None)
        if die and (name := _name(die)):
            names.append(name)
    return names


def _scopes(die: DIE) -> Iterable[DIE]:
    """Yields the functions and blocks in ``die``, also those in its namespaces."""
    for child in die.iter_children():
        if child.tag == "DW_TAG_namespace":
            yield from _scopes(child)
        elif child.tag in ("DW_TAG_subprogram", "DW_TAG_inlined_subroutine",
                           "DW_TAG_lexical_block"):
            yield child


def _covers(dwarf: DWARFInfo, die: DIE, address: int) -> bool:
    attributes = die.attributes
    if "DW_AT_low_pc" in attributes and "DW_AT_high_pc" in attributes:
        low, high = attributes["DW_AT_low_pc"].value, attributes["DW_AT_high_pc"]
        absolute = high.form == "DW_FORM_addr"
        return low <= address < (high.value if absolute else low + high.value)
    if "DW_AT_ranges" not in attributes:
        return False
    base = die.cu.get_top_DIE().attributes.get("DW_AT_low_pc")
    origin = base.value if base else 0
    entries = dwarf.range_lists().get_range_list_at_offset(attributes["DW_AT_ranges"].value, die.cu)
    return any(origin + entry.begin_offset <= address < origin + entry.end_offset
               for entry in entries if hasattr(entry, "begin_offset"))


def _name(die: DIE) -> str | None:
    if "DW_AT_abstract_origin" in die.attributes:
        die = die.get_DIE_from_attribute("DW_AT_abstract_origin")
    for attribute in ("DW_AT_linkage_name", "DW_AT_name"):
        if attribute in die.attributes:
            return demangled(die.attributes[attribute].value.decode(errors="replace"))
    return None


def demangled(name: str) -> str:
    """Returns the path in a Rust symbol, if it is the old kind (``_ZN``) or names a plain function
    (``_RN``), else ``name``."""
    if name.startswith("_ZN"):
        return _demangled_legacy(name)
    path: list[str] = []
    rest = re.match(r"_R((?:N[a-zA-Z])*)C(?:s[0-9a-zA-Z]*_)?", name)
    if rest is None:
        return name
    text, count = name[rest.end():], len(rest[1]) // 2 + 1
    while text and len(path) < count:
        part = re.match(r"(?:s[0-9a-zA-Z]*_)?(\d+)_?", text)
        if part is None:
            return name
        end = part.end() + int(part[1])
        path.append(text[part.end():end] or "{closure}")
        text = text[end:]
    return "::".join(path)


_ESCAPES = {"$LT$": "<", "$GT$": ">", "$RF$": "&", "$BP$": "*", "$C$": ",", "$LP$": "(",
            "$RP$": ")", "$u20$": " ", "$u27$": "'", "$u5b$": "[", "$u5d$": "]", "$u7b$": "{",
            "$u7d$": "}", "..": "::"}


def _demangled_legacy(name: str) -> str:
    path, text = [], name[3:]
    while part := re.match(r"\d+", text):
        end = part.end() + int(part[0])
        path.append(text[part.end():end])
        text = text[end:]
    if len(path) > 1 and re.fullmatch("h[0-9a-f]{16}", path[-1]):
        path.pop()
    readable = "::".join(part.removeprefix("_") if part.startswith("_$") else part for part in path)
    for escape, character in _ESCAPES.items():
        readable = readable.replace(escape, character)
    return readable or name


def main(arguments: list[str]) -> None:
    path, *addresses = arguments
    for address, text in places(Path(path), [int(a, 0) for a in addresses]).items():
        print(f"{address:#x} {text}")


if __name__ == "__main__":
    main(sys.argv[1:])
