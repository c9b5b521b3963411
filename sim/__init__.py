"""The SoC on a PC: Verilator harness, program loading and the ``rel4`` command line."""
