"""The CSR file: control and status registers, trap entry and return, interrupt selection."""

from .file import CsrFile

__all__ = ["CsrFile"]
