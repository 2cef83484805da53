//! What the gate decides.

mod scene;
mod table;
mod vectors;
