"""The SoC on FPGAs: synthesis, placement, timing and netlists."""
