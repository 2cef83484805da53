//! What a command does with a policy: which parts of it need the values of their variables.

/// What a policy is resolved for. A variable needs a value only where what it stands in is used: who plans a rollback at a desk has
/// no webhook's address, and who replays a journal asks no source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// Everything that a policy says.
    #[default]
    Everything,
    /// To watch a release, and to record what was deployed.
    Watch,
    /// To ask the sources, and to judge by the criteria.
    Ask,
    /// To judge by the criteria alone: what the sources said is recorded.
    Judge,
    /// To judge the checklist.
    Check,
    /// To plan a rollback.
    Plan,
    /// To tell people.
    Tell,
    /// To file the ticket.
    File,
}

/// A part of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Where signals are read.
    Sources,
    /// What decides: lengths of time, thresholds, criteria.
    Criteria,
    /// What the checklist asks for.
    Evidence,
    /// What a rollback plan looks at: artifacts, images, paths of migrations, the age of a rehearsal.
    WayBack,
    /// The addresses of channels.
    Channels,
    /// The ticket.
    Ticket,
}

impl Purpose {
    pub(crate) const fn needs(self, part: Part) -> bool {
        match self {
            Self::Everything => true,
            Self::Watch => matches!(part, Part::Sources | Part::Criteria | Part::WayBack),
            Self::Ask => matches!(part, Part::Sources | Part::Criteria),
            Self::Judge => matches!(part, Part::Criteria),
            Self::Check => !matches!(part, Part::Channels | Part::Ticket),
            Self::Plan => matches!(part, Part::WayBack),
            Self::Tell => matches!(part, Part::Channels),
            Self::File => matches!(part, Part::Ticket),
        }
    }
}
