"""A SoC on real pins: boards, clocks, memory, and what the host learns from them."""
