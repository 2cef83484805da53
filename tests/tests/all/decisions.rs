//! What the gate decides.

mod vectors;
