//! What the gate decides.

mod properties;
mod scene;
mod table;
mod vectors;
