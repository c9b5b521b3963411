"""Where an exported file comes from: command, parameters, version, licence."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version

DISTRIBUTION = "rel4-soc"
LICENCE = "BSD-2-Clause"
COPYRIGHT = "Copyright (c) 2026, the rel4-soc authors"


@dataclass(frozen=True)
class Origin:
    """``options`` are those of the command line; ``parameters`` also have the defaults."""

    part: str
    top: str  # name of the top module
    options: Mapping[str, object]
    parameters: Mapping[str, object]

    @property
    def version(self) -> str:
        return version(DISTRIBUTION)

    @property
    def command(self) -> str:
        flags = (f"--{name}" if value is True else f"--{name} {value}"
                 for name, value in self.options.items())
        return " ".join(["rel4 verilog", self.part, *flags])

    def header(self) -> str:
        """Returns a comment for the top of a Verilog file."""
        return "".join(f"// {line}\n" for line in (
            f"{self.top}: {self.part} of {DISTRIBUTION} {self.version}",
            f"Made by: {self.command}",
            "Parameters: " + ", ".join(f"{name}={value}"
                                       for name, value in self.parameters.items()),
            COPYRIGHT,
            f"SPDX-License-Identifier: {LICENCE}",
        )) + "\n"

    def core(self, file: str) -> str:
        """Returns a description of ``file`` for FuseSoC (CAPI 2)."""
        return (
            "CAPI=2:\n"
            f"# Made by: {self.command}\n"
            f"# SPDX-License-Identifier: {LICENCE}\n"
            f"name: \"rel4:soc:{self.top}:{self.version}\"\n"
            f"description: \"{self.part} of {DISTRIBUTION}\"\n"
            "\n"
            "filesets:\n"
            "  rtl:\n"
            "    file_type: verilogSource\n"
            "    files:\n"
            f"      - {json.dumps(file)}\n"
            "\n"
            "targets:\n"
            "  default:\n"
            "    filesets: [rtl]\n"
            "    toplevel: " + self.top + "\n"
            "  lint:\n"
            "    filesets: [rtl]\n"
            "    toplevel: " + self.top + "\n"
            "    default_tool: verilator\n"
            "    tools:\n"
            "      verilator:\n"
            "        mode: lint-only\n"
        )
