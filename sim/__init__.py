"""A SoC on a PC: Verilator harness, the ``rel4`` command line, measurements."""
