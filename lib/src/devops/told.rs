//! What a run remembers of what was told: tags, which every agent and every try of a step can read.

use std::collections::BTreeSet;

use crate::devops::client::{Client, Page};
use crate::devops::failure::DevOpsError;
use crate::devops::runs;
use crate::rollback::Memory;

/// The tags of a run.
pub struct RunMemory<'c, 't> {
    reader: &'c Client<'t>,
    writer: &'c Client<'t>,
    run: u64,
}

impl<'c, 't> RunMemory<'c, 't> {
    /// A run's tags: read within one client's time, and written within another's, so that a slow look leaves time to speak.
    #[must_use]
    pub const fn new(reader: &'c Client<'t>, writer: &'c Client<'t>, run: u64) -> Self {
        Self { reader, writer, run }
    }
}

impl Memory for RunMemory<'_, '_> {
    fn told(&self) -> Result<BTreeSet<String>, String> {
        let tags: Page<String> = self.reader.page(&runs::tags(self.run)).map_err(|error| words(&error))?;
        Ok(tags.items.into_iter().collect())
    }

    fn remember(&self, tags: &[String]) -> Vec<Result<(), String>> {
        let calls: Vec<_> = tags.iter().map(|tag| runs::tag(self.run, tag)).collect();
        let answers = self.writer.send_all(&calls);
        answers.into_iter().map(|answer| answer.map(|_| ()).map_err(|error| words(&error))).collect()
    }
}

fn words(error: &DevOpsError) -> String {
    format!("{error}; {}", error.gap().how)
}
