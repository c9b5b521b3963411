"""Analyses the waveform of a run."""
