"""Writes the output of a command. A failure leaves no partial file."""

import os
from pathlib import Path
from typing import TextIO

STDOUT_NAME = "standard output"  # in messages


def write_output(content: str | bytes, path: Path | None, stdout: TextIO) -> None:
    """Writes to ``path`` if given, else to ``stdout``. Does not touch a file that is already right.

    Raises ``OSError``; it names the file.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        if path is None:
            stdout.flush()
            stdout.buffer.write(data)
            stdout.buffer.flush()
        else:
            _write_file(data, path)
    except OSError as error:
        name = STDOUT_NAME if path is None else str(path)
        raise OSError(error.errno, error.strerror, name) from None


def _write_file(data: bytes, path: Path) -> None:
    if path.exists() and not path.is_file():
        path.write_bytes(data)  # a device, or an error if it is a folder
    elif not path.exists() or path.read_bytes() != data:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            partial.write_bytes(data)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
