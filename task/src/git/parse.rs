//! What git prints, read.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use runbook_gate::Timestamp;
use runbook_gate::checklist::{ChangedPath, CommitFact, PathChange, TreeFile};

/// Id, parents, author, seconds of the committer's time, message.
pub const COMMIT_FORMAT: &str = "--format=%H%x00%P%x00%an%x00%ct%x00%B";
const COMMIT_FIELDS: usize = 5;

/// A commit as logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    pub id: String,
    pub parents: Vec<String>,
    pub author: String,
    pub seconds: Option<i64>,
    pub message: String,
}

/// A step along the first parents.
pub struct Step<'l> {
    pub commit: &'l Logged,
    pub merged: Vec<&'l Logged>,
}

impl Logged {
    pub fn fact(&self) -> CommitFact {
        CommitFact {
            id: self.id.clone(),
            title: self.message.lines().next().unwrap_or("").chars().take(200).collect(),
            when: self.seconds.map(Timestamp::from_secs),
        }
    }
}

/// The first line of what was printed.
pub fn line(output: &[u8]) -> String {
    String::from_utf8_lossy(output).lines().next().unwrap_or("").to_owned()
}

/// The texts between zero bytes; the last one ends with one.
pub fn fields(output: &[u8]) -> impl Iterator<Item = String> + '_ {
    let whole = output.strip_suffix(b"\0").unwrap_or(output);
    let empty = whole.is_empty();
    whole
        .split(|byte| *byte == 0)
        .filter(move |_| !empty)
        .map(|field| String::from_utf8_lossy(field).into_owned())
}

/// Whether a text is an object's id: SHA-1 or SHA-256 in hexadecimal.
pub fn is_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

pub fn short(id: &str) -> &str {
    id.get(..7).unwrap_or(id)
}

/// The name of a filter in the key of a setting: `filter.lfs.clean`.
pub fn filter_name(key: &str) -> Option<&str> {
    key.strip_prefix("filter.")?.rsplit_once('.').map(|(name, _)| name)
}

/// The settings that leave a filter nothing to run.
pub fn switched_off(filter: &str) -> [String; 4] {
    ["clean=", "smudge=", "process=", "required=false"].map(|setting| format!("filter.{filter}.{setting}"))
}

/// Paths with the value of the one attribute that was asked for.
pub fn attributes(output: &[u8]) -> Vec<(String, String)> {
    let fields: Vec<String> = fields(output).collect();
    fields
        .chunks(3)
        .filter_map(|chunk| {
            let [path, _, value] = chunk else { return None };
            Some((path.clone(), value.clone()))
        })
        .collect()
}

/// Commits in [`COMMIT_FORMAT`]; `None` where anything of it is not one, so that none goes missing.
pub fn commits(output: &[u8]) -> Option<Vec<Logged>> {
    let fields: Vec<String> = fields(output).collect();
    fields
        .chunks(COMMIT_FIELDS)
        .map(|chunk| {
            let [id, parents, author, seconds, message] = chunk else { return None };
            is_id(id.trim()).then(|| Logged {
                id: id.trim().to_owned(),
                parents: parents.split_whitespace().map(str::to_owned).collect(),
                author: author.clone(),
                seconds: seconds.trim().parse().ok(),
                message: message.clone(),
            })
        })
        .collect()
}

/// The steps from `until` back along first parents, newest first, each with the commits that it merged.
pub fn steps<'l>(until: &str, logged: &'l [Logged]) -> Vec<Step<'l>> {
    let by_id: HashMap<&str, &Logged> = logged.iter().map(|commit| (commit.id.as_str(), commit)).collect();
    let mut line = Vec::new();
    let mut next = by_id.get(until).copied();
    while let Some(commit) = next {
        line.push(commit);
        next = commit.parents.first().and_then(|parent| by_id.get(parent.as_str())).copied();
    }
    let mut seen: HashSet<&str> = line.iter().map(|commit| commit.id.as_str()).collect();
    // The oldest merge that reaches a commit is the one that brought it.
    let mut steps: Vec<Step<'l>> = line
        .into_iter()
        .rev()
        .map(|commit| {
            let mut merged = Vec::new();
            let mut open: Vec<&str> = commit.parents.iter().skip(1).map(String::as_str).collect();
            while let Some(id) = open.pop() {
                if let Some(found) = by_id.get(id).filter(|found| seen.insert(found.id.as_str())) {
                    merged.push(*found);
                    open.extend(found.parents.iter().map(String::as_str));
                }
            }
            Step { commit, merged }
        })
        .collect();
    steps.reverse();
    steps
}

/// The changed paths of each commit of `git log --raw -z --format=%H`.
pub fn paths(output: &[u8]) -> BTreeMap<String, Vec<ChangedPath>> {
    let mut found: BTreeMap<String, Vec<ChangedPath>> = BTreeMap::new();
    let mut commit: Option<String> = None;
    let mut fields = fields(output);
    while let Some(field) = fields.next() {
        let trimmed = field.trim_matches('\n');
        if let Some(raw) = trimmed.strip_prefix(':') {
            let letter = raw.rsplit(' ').next().and_then(|status| status.chars().next()).unwrap_or('M');
            let Some(path) = fields.next() else { break };
            let changed = commit.as_ref().map(|commit| found.entry(commit.clone()).or_default());
            let push = |path: String, how: PathChange| {
                if let Some(changed) = changed {
                    changed.push(ChangedPath { path, how });
                }
            };
            match letter {
                'A' => push(path, PathChange::Added),
                'D' => push(path, PathChange::Deleted),
                // A copy's or a rename's second path is where it is now.
                'R' | 'C' => {
                    let Some(now) = fields.next() else { break };
                    push(now, PathChange::Modified);
                    if let (Some(commit), 'R') = (&commit, letter) {
                        found
                            .entry(commit.clone())
                            .or_default()
                            .push(ChangedPath { path, how: PathChange::Deleted });
                    }
                }
                _ => push(path, PathChange::Modified),
            }
        } else if is_id(trimmed) {
            commit = Some(trimmed.to_owned());
        }
    }
    found
}

/// The files of `git ls-tree -r -z -l`; links and submodules are left out.
pub fn files(output: &[u8]) -> Vec<TreeFile> {
    fields(output)
        .filter_map(|entry| {
            let (about, path) = entry.split_once('\t')?;
            let mut words = about.split_whitespace();
            let (mode, kind, id, size) = (words.next()?, words.next()?, words.next()?, words.next()?);
            let plain = kind == "blob" && mode.starts_with("100");
            let file = TreeFile { path: path.to_owned(), id: id.to_owned(), size: size.parse().ok()? };
            plain.then_some(file)
        })
        .collect()
}

/// The links of `git ls-tree -r -z -l`.
pub fn links(output: &[u8]) -> BTreeSet<String> {
    fields(output)
        .filter_map(|entry| {
            let (about, path) = entry.split_once('\t')?;
            about.starts_with("120000 ").then(|| path.to_owned())
        })
        .collect()
}

/// The contents of `git cat-file --batch`: `id blob size`, a line end, the bytes, a line end.
pub fn contents(output: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut rest = output;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let (head, after) = rest.split_at(end);
        let size =
            String::from_utf8_lossy(head).rsplit(' ').next().and_then(|size| size.parse::<usize>().ok());
        let Some((content, next)) =
            size.zip(after.get(1..)).and_then(|(size, body)| body.split_at_checked(size))
        else {
            break;
        };
        found.push(content.to_vec());
        rest = next.strip_prefix(b"\n").unwrap_or(next);
    }
    found
}
