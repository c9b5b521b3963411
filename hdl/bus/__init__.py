"""Bus signatures, and the blocks that join buses."""
