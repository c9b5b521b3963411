"""What the waveform of a run tells."""
