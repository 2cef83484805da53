//! The images that are deployed: asked for while a release is watched, and kept with the decision, so that a later rollback can
//! prove that they are still there.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use runbook_gate::checklist::Gap;
use runbook_gate::gate::Decision;
use runbook_gate::policy::Policy;
use runbook_gate::rollback::{RecordedImage, images_of, record_images};
use runbook_gate::transport::Transport;

use crate::session::Session;

/// So long the decision to proceed waits for registries that have not answered while the release was watched.
const PATIENCE: Duration = Duration::from_secs(5);

/// The images, and what is not known of them, each with why.
type Answer = (Vec<RecordedImage>, Vec<(String, Gap)>);

/// What registries are asked while the gate watches.
pub struct Images {
    answer: Receiver<Answer>,
    names: Vec<String>,
}

impl Images {
    /// Asks for the images of a policy from now on, beside everything else: a tag may be moved later.
    pub fn ask(policy: &Policy, transport: &Arc<dyn Transport>) -> Self {
        let images = images_of(policy.checklist());
        let names = images.iter().map(ToString::to_string).collect();
        let (send, answer) = channel();
        if !images.is_empty() {
            let transport = Arc::clone(transport);
            // Without the thread there is no answer, which is said as if none had come.
            let _ = thread::Builder::new().name("images".to_owned()).spawn(move || {
                // Nobody waits for it any more where the gate has ended.
                let _ = send.send(record_images(&images, transport.as_ref()));
            });
        }
        Self { answer, names }
    }

    /// What was answered, for the record of a decision. Only a version that proceeds is gone back to: nothing else waits for it.
    pub fn recorded(self, session: &Session, decision: Decision) -> Vec<RecordedImage> {
        if self.names.is_empty() {
            return Vec::new();
        }
        let patience = match decision {
            Decision::Proceed => PATIENCE,
            Decision::Hold | Decision::Rollback => Duration::ZERO,
        };
        let unproved = "a later rollback to this version cannot prove that its image is there";
        match self.answer.recv_timeout(patience) {
            Ok((recorded, gaps)) => {
                for (image, Gap { why, who, how }) in gaps {
                    session.door.say(&format!("warning: {unproved}: {image}: {why}; {}: {how}", who.words()));
                }
                recorded
            }
            Err(_) => {
                if decision == Decision::Proceed {
                    let names = self.names.join(", ");
                    session
                        .door
                        .say(&format!("warning: {unproved}: no registry answered in time for {names}"));
                }
                let unknown = |image| RecordedImage { image, digest: None };
                self.names.into_iter().map(unknown).collect()
            }
        }
    }
}
