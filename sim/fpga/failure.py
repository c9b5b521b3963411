"""Describes the failure of a tool in one line."""

import re
import signal
from pathlib import Path

# Messages in the logs of Yosys and nextpnr (native or WebAssembly), and their meaning.
CAUSES = (
    (r"bad_alloc|out of memory|memory allocation .*failed|failed to grow|Cannot allocate memory",
     "ran out of memory"),
    (r"no BELs remaining|[Uu]nable to find .*legal placement|Unable to find a placement location"
     r"|exceeds available|Bel limit",
     "the design does not fit into the device"),
)


def failure(tool: str, status: int, log: Path) -> str:
    """Returns the line for a ``tool`` that ended with ``status`` and wrote ``log``.

    Quotes the last error message of the tool if no known message matches.
    """
    text = log.read_text(errors="replace")
    for pattern, cause in CAUSES:
        if re.search(pattern, text):
            return f"{tool}: {cause}, see {log}"
    if status < 0:
        name = signal.Signals(-status).name
        if name == "SIGKILL":
            return f"{tool}: killed, as happens when memory runs out, see {log}"
        return f"{tool}: ended by {name}, see {log}"
    errors = re.findall(r"^ERROR: (.*)$", text, re.MULTILINE)
    return f"{tool} failed{': ' + errors[-1] if errors else ''}, see {log}"
