"""Writes the output of a command. A failure leaves no partial file."""

import os
from pathlib import Path
from typing import TextIO


def write_output(content: str | bytes, path: Path | None, stdout: TextIO) -> None:
    """Writes to ``path`` if given, else to ``stdout``. Does not touch a file that is already right.

    Raises ``OSError``.
    """
    data = content.encode() if isinstance(content, str) else content
    if path is None:
        stdout.flush()
        stdout.buffer.write(data)
        stdout.buffer.flush()
    elif path.exists() and not path.is_file():
        path.write_bytes(data)  # a device, or an error that names the folder
    elif not path.exists() or path.read_bytes() != data:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.{os.getpid()}")
        partial.write_bytes(data)
        partial.replace(path)
