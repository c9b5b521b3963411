//! Constants of the SoC and of the hart.
//!
//! All of them come from the one description in Python, through `rel4 gen rust`: base addresses,
//! register offsets, hart count and clocks at the top; CSR addresses, exception and interrupt codes,
//! event selectors in modules of their own.

#![no_std]

include!(env!("SOC_RS"));
