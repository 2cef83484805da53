//! The channels that a policy names, told apart without their addresses.

use crate::Secret;
use crate::rollback::Notice;

/// What takes a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Webhook {
    /// A workflow of Microsoft Teams.
    Teams,
    /// An incoming webhook of Slack.
    Slack,
}

/// A channel, which is the first, second, … of its kind in the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Channel {
    kind: Webhook,
    ordinal: usize,
    address: Secret,
}

/// The channels of a policy, in its order. Pull requests are none: they remember by themselves what was said on them.
pub(super) fn channels(notices: &[Notice]) -> Vec<Channel> {
    let mut channels: Vec<Channel> = Vec::new();
    for notice in notices {
        let (kind, address) = match notice {
            Notice::PullRequest => continue,
            Notice::Teams(address) => (Webhook::Teams, address),
            Notice::Slack(address) => (Webhook::Slack, address),
        };
        let ordinal = channels.iter().filter(|known| known.kind == kind).count() + 1;
        channels.push(Channel { kind, ordinal, address: address.clone() });
    }
    channels
}

impl Channel {
    pub(super) const fn kind(&self) -> Webhook {
        self.kind
    }

    pub(super) const fn address(&self) -> &Secret {
        &self.address
    }

    /// As people read it: `Teams`, `Slack (2)`.
    pub(super) fn name(&self) -> String {
        let kind = match self.kind {
            Webhook::Teams => "Teams",
            Webhook::Slack => "Slack",
        };
        if self.ordinal == 1 { kind.to_owned() } else { format!("{kind} ({})", self.ordinal) }
    }

    /// As a tag has it: `teams`, `slack-2`.
    pub(super) fn word(&self) -> String {
        let kind = match self.kind {
            Webhook::Teams => "teams",
            Webhook::Slack => "slack",
        };
        if self.ordinal == 1 { kind.to_owned() } else { format!("{kind}-{}", self.ordinal) }
    }
}
