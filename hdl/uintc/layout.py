"""What a hart and software must know of the UINTC: receivers and sender-table entries."""

from amaranth.lib import data

VECTORS = 64  # of each receiver

# The entry of a receiver: offsets in bytes.
ID, SEND = 0x00, 0x00  # reading, writing
LOW = 0x08
HIGH = 0x10
ACTIVE = 0x18
ENTRY_BYTES = 32

# An entry of a sender table, which SEND of a hart looks up in memory.
SENDER_ENTRY = data.StructLayout({
    "valid": 1, "_reserved_1": 15, "vector": 16, "_reserved_32": 16, "receiver": 16,
})
SENDER_ENTRY_BYTES = SENDER_ENTRY.size // 8
