//! The file of a recorded baseline: written before a deployment, read after it.

use std::path::Path;

use runbook_gate::journal::{self, Line};
use runbook_gate::json;
use runbook_gate::{Baseline, SignalName, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::files::{FileError, read_text, shown, write_whole};

const VERSION: u32 = 1;
const HELP: &str = "record one with `runbook-gate baseline` before the deployment";

/// A recorded baseline.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// The service that it was recorded of.
    pub service: String,
    /// The environment that it was recorded in.
    pub environment: String,
    /// When.
    pub recorded_at: Timestamp,
    /// What each signal was.
    pub baselines: Vec<(SignalName, Baseline)>,
}

/// A file that is no recorded baseline.
#[derive(Debug, thiserror::Error)]
pub enum RecordedError {
    /// It could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is something else.
    #[error("{path} is not a recorded baseline: {why}; {HELP}")]
    Malformed {
        /// Which file.
        path: String,
        /// In words.
        why: String,
    },
}

/// The file as it stands. Each baseline is a `baseline` line of the journal.
#[derive(Deserialize, Serialize)]
struct Document {
    version: u32,
    service: String,
    environment: String,
    recorded_at: Timestamp,
    baselines: Vec<Value>,
}

impl Recorded {
    /// Reads a file.
    ///
    /// # Errors
    /// Where it cannot be read, or is something else.
    pub fn read(path: &Path) -> Result<Self, RecordedError> {
        let text = read_text(path, HELP)?;
        Self::parse(&text).map_err(|why| RecordedError::Malformed { path: shown(path), why })
    }

    fn parse(text: &str) -> Result<Self, String> {
        json::read(text.as_bytes()).map_err(|error| error.to_string())?;
        let document: Document = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if document.version != VERSION {
            return Err(format!("its version is {}, and this program reads {VERSION}", document.version));
        }
        let mut baselines: Vec<(SignalName, Baseline)> = Vec::new();
        for value in document.baselines {
            match journal::parse_line(&value.to_string()).map_err(|error| error.to_string())? {
                Line::Baseline { signal, .. } if baselines.iter().any(|(known, _)| *known == signal) => {
                    return Err(format!("it has two baselines of `{signal}`"));
                }
                Line::Baseline { signal, baseline } => baselines.push((signal, baseline)),
                _ => return Err("`baselines` has something that is no baseline".to_owned()),
            }
        }
        Ok(Self {
            service: document.service,
            environment: document.environment,
            recorded_at: document.recorded_at,
            baselines,
        })
    }

    /// The text of the file.
    ///
    /// # Errors
    /// Never for a baseline that was observed; in words otherwise.
    pub fn to_json(&self) -> Result<String, String> {
        let lines = self.baselines.iter().map(|(signal, baseline)| {
            let line = Line::Baseline { signal: signal.clone(), baseline: baseline.clone() };
            serde_json::from_str(&journal::write(&line)).map_err(|error| error.to_string())
        });
        let document = Document {
            version: VERSION,
            service: self.service.clone(),
            environment: self.environment.clone(),
            recorded_at: self.recorded_at,
            baselines: lines.collect::<Result<_, _>>()?,
        };
        let mut text = serde_json::to_string_pretty(&document).map_err(|error| error.to_string())?;
        text.push('\n');
        Ok(text)
    }

    /// Writes the file whole.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), RecordedError> {
        let text = self.to_json().map_err(|why| RecordedError::Malformed { path: shown(path), why })?;
        Ok(write_whole(path, &text)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runbook_gate::sample::Sample;
    use runbook_gate::{Duration, Timestamp};

    fn recorded() -> Recorded {
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let observed: Vec<(Timestamp, Sample)> = (0..40_u64)
            .map(|i| (start + Duration::from_secs(15 * i), Sample::from_counts(0.1 * i as f64, 100.3)))
            .collect();
        let baseline = Baseline::from_observations(&observed, None, 30).unwrap();
        Recorded {
            service: "orders".into(),
            environment: "production".into(),
            recorded_at: start,
            baselines: vec![("error_rate".parse().unwrap(), baseline)],
        }
    }

    #[test]
    fn reads_what_it_wrote() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("baseline.json");
        recorded().write(&path).unwrap();
        assert_eq!(Recorded::read(&path).unwrap(), recorded());
    }

    #[test]
    fn says_what_is_wrong_with_a_file() {
        let good = recorded().to_json().unwrap();
        for (text, words) in [
            (String::new(), "EOF"),
            ("[1]".into(), "invalid"),
            (good.replace("\"version\": 1", "\"version\": 7"), "its version is 7"),
            (good.replace("\"kind\": \"baseline\"", "\"kind\": \"tick\""), ""),
            (good.replace("\"median\"", "\"middle\""), ""),
            (good.replace("error_rate", "95th"), ""),
        ] {
            let why = Recorded::parse(&text).unwrap_err();
            assert!(why.contains(words), "{why}");
        }
        let error = Recorded::read(Path::new("/no/such/baseline.json")).unwrap_err().to_string();
        assert!(error.contains("`runbook-gate baseline`"), "{error}");
    }
}
