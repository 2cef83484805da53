//! What the gate decides.

mod alerting_rules;
mod late;
mod machine;
mod properties;
mod scene;
mod table;
mod vectors;
