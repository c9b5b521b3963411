"""Memory-mapped peripherals."""
