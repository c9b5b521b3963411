"""Measured figures. They are kept as JSON in ``docs/figures``; pages show them and are checked."""
