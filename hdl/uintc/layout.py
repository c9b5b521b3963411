"""Layouts that the UINTC shares with harts and software: receivers and sender-table entries."""

from amaranth.lib import data

VECTORS = 64  # vectors of each receiver

# The entry of a receiver: offsets in bytes.
ID, SEND = 0x00, 0x00  # for reads; for writes
LOW = 0x08
HIGH = 0x10
ACTIVE = 0x18
ENTRY_BYTES = 32

# An entry of a sender table. A hart reads it from memory for a SEND.
SENDER_ENTRY = data.StructLayout({
    "valid": 1, "_reserved_1": 15, "vector": 16, "_reserved_32": 16, "receiver": 16,
})
SENDER_ENTRY_BYTES = SENDER_ENTRY.size // 8
