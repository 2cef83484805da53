//! The table of what the gate decides: each row is named for what it shows.

use super::scene;

mod baselines;
mod endings;
mod forms;
mod missing;
mod recovery;
mod sustained_health;
mod sustained_ratio;
mod sustained_value;
mod verification;
