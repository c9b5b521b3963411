"""The hart: an RV64IMAC pipeline with M, S and U modes and user-mode interrupts."""
