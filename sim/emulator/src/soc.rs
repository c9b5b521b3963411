//! Addresses, register offsets and numbers of the SoC, from the one description of it (`rel4 gen
//! rust`). How many there are of something (harts, contexts, sources) comes from the command line
//! instead, so that one program serves every configuration.

#![allow(dead_code, missing_docs)]

include!(env!("SOC_RS"));
