"""A SoC on real pins: boards, clocks, memory, and messages to the host."""
