"""The shared second-level cache."""
