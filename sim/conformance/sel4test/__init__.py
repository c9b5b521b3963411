"""seL4's own test suite on a kernel of choice: see ``docs/kernel/sel4test.md``."""
