//! What a decision other than `proceed` does to the stage.

use serde::Serialize;

/// How strictly an environment holds to the gate's decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Enforcement {
    /// Anything but `proceed` fails the stage.
    #[default]
    Enforce,
    /// Anything but `proceed` is said, and the stage goes on.
    Advise,
    /// Nothing is evaluated.
    Off,
}

impl Enforcement {
    /// The word that policies write.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Advise => "advise",
            Self::Off => "off",
        }
    }
}
