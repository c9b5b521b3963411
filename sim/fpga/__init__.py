"""The SoC on FPGAs: synthesis, placement and timing, netlists."""
