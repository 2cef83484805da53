//! What the caller of `checklist` gives: test result files, artifacts, words.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use runbook_gate::Timestamp;
use runbook_gate::checklist::{
    ArtifactFact, ArtifactState, ChecklistRules, ChecksumSays, Environments, EvidenceRule, GivenWord,
    ItemRule, LONGEST_CHECKSUM_FILE, PathPatterns, Place, ResultFile, ResultFiles, Waiver, WaiverGiven,
    checksum_says,
};
use sha2::{Digest, Sha256};

use crate::files::{plain, shown};

/// The largest result file that is read, in bytes.
const LARGEST: u64 = 64 * 1024 * 1024;
/// At most so many result files are read.
const MOST_FILES: usize = 5_000;
/// At most so many entries of folders are looked at.
const MOST_ENTRIES: usize = 500_000;

/// The path of a file from the repository's root, with `/`; as given where it lies elsewhere.
pub fn path_in(root: &Path, path: &Path) -> String {
    let whole = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    match whole(path).strip_prefix(whole(root)) {
        Ok(inside) => {
            inside.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
        }
        Err(_) => shown(path),
    }
}

/// The test result files that the caller's patterns name (from this folder), else the policy's (from the repository's
/// root); `None` where nobody names any.
pub fn tests(
    rules: &ChecklistRules,
    patterns: &[String],
    root: &Path,
    notes: &mut Vec<String>,
) -> Result<Option<ResultFiles>, String> {
    if !patterns.is_empty() {
        let mut files = Vec::new();
        let mut unmatched = Vec::new();
        for pattern in patterns {
            // A plain file, wherever it is.
            if Path::new(pattern).is_file() {
                files.push(PathBuf::from(pattern));
                continue;
            }
            let set = PathPatterns::new([pattern]).map_err(|error| {
                format!("--tests: {error}; write a file or a pattern such as `target/**/*.xml`")
            })?;
            let matching = find(Path::new("."), &set)?;
            if matching.is_empty() {
                notes.push(format!("--tests {pattern}: no file here matches it"));
                unmatched.push(pattern.clone());
            }
            files.extend(matching);
        }
        return Ok(Some(ResultFiles { files: read(files, root), unmatched }));
    }
    let named: Vec<&String> = rules
        .items
        .iter()
        .flat_map(|item| &item.evidence)
        .flat_map(EvidenceRule::leaves)
        .filter_map(|rule| match rule {
            EvidenceRule::Tests { files, .. } => Some(files),
            _ => None,
        })
        .flatten()
        .collect();
    if named.is_empty() {
        return Ok(None);
    }
    let set = PathPatterns::new(&named).map_err(|error| error.to_string())?;
    let files = read(find(root, &set)?, root);
    let matches_none = |pattern: &&&String| {
        PathPatterns::new([pattern]).is_ok_and(|one| !files.iter().any(|file| one.matches(&file.path)))
    };
    let unmatched = named.iter().filter(matches_none).map(|pattern| (*pattern).clone()).collect();
    Ok(Some(ResultFiles { files, unmatched }))
}

/// The files under a folder that match, links and `.git` left out, in order.
fn find(folder: &Path, patterns: &PathPatterns) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    let mut seen = 0_usize;
    while let Some(at) = open.pop() {
        // A folder that may not be read holds no result that we may use.
        let Ok(entries) = fs::read_dir(&at) else { continue };
        for entry in entries.flatten() {
            seen += 1;
            if seen > MOST_ENTRIES {
                return Err(format!(
                    "there are more than {MOST_ENTRIES} files under {}; run it in a smaller folder",
                    shown(folder)
                ));
            }
            let Ok(kind) = entry.file_type() else { continue };
            let path = entry.path();
            if kind.is_dir() && entry.file_name() != ".git" {
                open.push(path);
            } else if kind.is_file() {
                let relative = path.strip_prefix(folder).unwrap_or(&path);
                let name = relative.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
                if patterns.matches(&name.collect::<Vec<_>>().join("/")) {
                    found.push(path);
                }
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn read(mut files: Vec<PathBuf>, root: &Path) -> Vec<ResultFile> {
    files.dedup();
    let left_out = files.len().saturating_sub(MOST_FILES);
    let mut results: Vec<ResultFile> =
        files.iter().take(MOST_FILES).map(|path| read_one(path, path_in(root, path))).collect();
    if left_out > 0 {
        let content = Err(format!("{left_out} more files were not read"));
        results.push(ResultFile { path: "the rest".to_owned(), modified: None, content });
    }
    results
}

fn read_one(path: &Path, name: String) -> ResultFile {
    let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
    let (metadata, file) = match opened {
        Ok(opened) => opened,
        Err(error) => return ResultFile { path: name, modified: None, content: Err(plain(&error)) },
    };
    let written = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let modified = written.and_then(|since| i64::try_from(since.as_nanos()).ok()).map(Timestamp::from_nanos);
    let mut bytes = Vec::new();
    let content = match file.take(LARGEST + 1).read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(plain(&error)),
    };
    ResultFile { path: name, modified, content }
}

/// Artifacts that are files here: their size, their checksum, and whether that is what `FILE.sha256` says.
pub fn artifacts(given: &[(String, String)], notes: &mut Vec<String>) -> Option<Vec<ArtifactFact>> {
    if given.is_empty() {
        return None;
    }
    // A file that is not there is no artifact: the checklist says that it is missing.
    let mut found = Vec::new();
    for (name, path) in given {
        match artifact(name, Path::new(path)) {
            Some(fact) => found.push(fact),
            None => notes.push(format!("--artifact {name}={path}: there is no such file that can be read")),
        }
    }
    Some(found)
}

fn artifact(name: &str, path: &Path) -> Option<ArtifactFact> {
    let mut file = File::open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut hash = Sha256::new();
    let mut size = 0_usize;
    let mut block = vec![0_u8; 64 * 1024];
    loop {
        let count = file.read(&mut block).ok()?;
        let Some(read) = block.get(..count).filter(|read| !read.is_empty()) else { break };
        hash.update(read);
        size = size.saturating_add(count);
    }
    let sum: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let unchecked = |why: &str| (ArtifactState::Unchecked, format!("; its checksum file {why}"));
    let (state, checked) = match checksum_file(path) {
        _ if size == 0 => (ArtifactState::Empty, String::new()),
        Ok(None) => (ArtifactState::Stored, String::new()),
        Ok(Some(bytes)) => match checksum_says(&bytes, &name_of(path), &sum) {
            ChecksumSays::Same => (ArtifactState::Stored, ", as its checksum file says".to_owned()),
            ChecksumSays::Other => (ArtifactState::Mismatch, String::new()),
            ChecksumSays::Nothing(why) => unchecked(why),
        },
        Err(error) => unchecked(&format!("cannot be read: {}", plain(&error))),
    };
    let details = format!("{size} bytes, SHA-256 {sum}{checked}");
    Some(ArtifactFact { name: name.to_owned(), details, state, place: Some(Place::Path(shown(path))) })
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The bytes of `FILE.sha256`; `None` where nothing has that name, not even a link that leads nowhere.
fn checksum_file(path: &Path) -> std::io::Result<Option<Vec<u8>>> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".sha256");
    let beside = Path::new(&beside);
    if let Err(error) = fs::symlink_metadata(beside)
        && error.kind() == ErrorKind::NotFound
    {
        return Ok(None);
    }
    // Opening a pipe would wait for whoever writes to it.
    if !fs::metadata(beside)?.is_file() {
        return Err(ErrorKind::IsADirectory.into());
    }
    let mut bytes = Vec::new();
    File::open(beside)?.take(LONGEST_CHECKSUM_FILE as u64 + 1).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// The item of an option; one that the checklist does not have is an error.
fn item_of<'r>(rules: &'r ChecklistRules, option: &str, item: &str) -> Result<&'r ItemRule, String> {
    rules.items.iter().find(|rule| rule.id.as_str() == item).ok_or_else(|| {
        let ids: Vec<&str> = rules.items.iter().map(|rule| rule.id.as_str()).collect();
        format!(
            "{option} names `{item}`, which is no item of the checklist; the items are {}",
            ids.join(", ")
        )
    })
}

/// Waivers for this run alone, until the end of its day.
pub fn waivers(
    rules: &ChecklistRules,
    given: &[(String, String)],
    now: Timestamp,
) -> Result<Vec<Waiver>, String> {
    given
        .iter()
        .map(|(item, reason)| {
            let rule = item_of(rules, "--waive", item)?;
            if reason.trim().is_empty() {
                return Err(format!(
                    "--waive {item} gives no reason; write --waive {item}=\"why it cannot wait\""
                ));
            }
            Ok(Waiver {
                item: rule.id.clone(),
                reason: reason.trim().to_owned(),
                approved_by: "an approval of this run".to_owned(),
                expires: now.to_string().chars().take(10).collect(),
                environments: Environments::All,
                given: WaiverGiven::AtRunTime,
            })
        })
        .collect()
}

/// Words for items; an item that the checklist does not have is an error.
pub fn words(rules: &ChecklistRules, given: &[(String, String)]) -> Result<Vec<GivenWord>, String> {
    given
        .iter()
        .map(|(item, words)| {
            item_of(rules, "--attest", item)?;
            if words.trim().is_empty() {
                return Err(format!("--attest {item} says nothing; write what was done, such as --attest {item}=\"snapshot 42\""));
            }
            Ok(GivenWord { item: item.clone(), words: words.trim().to_owned(), how: "--attest".to_owned() })
        })
        .collect()
}

/// What is said for items whose rules take no words: nobody looks at it.
pub fn unused_words(rules: &ChecklistRules, given: &[GivenWord]) -> Vec<String> {
    let takes_words = |word: &GivenWord| {
        rules.items.iter().filter(|rule| rule.id.as_str() == word.item).any(|rule| {
            let mut leaves = rule.evidence.iter().flat_map(EvidenceRule::leaves);
            leaves.any(|leaf| matches!(leaf, EvidenceRule::Attested(_)))
        })
    };
    given
        .iter()
        .filter(|word| !takes_words(word))
        .map(|word| {
            format!(
                "--attest {} is not used: this item takes no words; its `evidence` in the policy would have to name `attested`",
                word.item
            )
        })
        .collect()
}
