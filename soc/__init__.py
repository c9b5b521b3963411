"""The SoC: configuration, memory map, device tree and top level, composed from ``hdl``."""
