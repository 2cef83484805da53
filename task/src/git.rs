//! A git repository on this machine, through the `git` that is installed.
//!
//! Git is started with an environment of its own (no job secret, nothing that redirects it), without pager, hooks, external
//! diffs, text conversions and filters, and with `--end-of-options` before every name that somebody gave. What it prints is read with
//! a bound, and it is ended when it takes too long.

mod parse;
mod run;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use runbook_gate::checklist::{Checkout, CheckoutError, CommitFact, History, HistoryStep, TreeFile};

use self::run::{Ended, Git, Until};
use crate::halt::Halt;

/// More commits than this are not read: name a nearer one with `--since`.
const MOST_COMMITS: usize = 20_000;
/// More files than this are not listed.
const MOST_FILES: usize = 500_000;

/// A repository.
pub struct GitCheckout {
    git: Git,
    root: PathBuf,
}

impl GitCheckout {
    /// The repository that a folder belongs to.
    ///
    /// # Errors
    /// When there is none, or git is not installed.
    pub fn open(folder: &Path, environment: &BTreeMap<String, String>) -> Result<Self, CheckoutError> {
        Self::open_until(&Halt::default(), folder, environment)
    }

    /// The same, of a command that may be halted: then git is hardly waited for any more.
    ///
    /// # Errors
    /// When there is none, git is not installed, or the command was halted.
    pub fn open_until(
        halt: &Halt,
        folder: &Path,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, CheckoutError> {
        let until = Until::halted(halt);
        let git = Git::new(folder, environment, until.clone());
        let root = match git.ask(&["rev-parse", "--show-toplevel"]) {
            Ok(Ended::Well(output)) => parse::line(&output),
            Ok(Ended::Badly(why)) => return Err(CheckoutError::NoRepository(why)),
            Err(error) => return Err(error),
        };
        let root = PathBuf::from(root);
        Ok(Self { git: Git::new(&root, environment, until), root })
    }

    /// The folder of the repository.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The paths of tracked files that differ from the commit. Those that git compares through a filter are left out: a
    /// filter is a program that the repository's settings name, and none is run.
    ///
    /// # Errors
    /// When git cannot be asked, or a filter cannot be switched off.
    pub fn uncommitted(&self) -> Result<Vec<String>, CheckoutError> {
        let filters = self.filters()?;
        let settings: Vec<String> = filters.iter().flat_map(|name| parse::switched_off(name)).collect();
        let mut arguments: Vec<&str> = settings.iter().flat_map(|setting| ["-c", setting]).collect();
        arguments.extend(["diff", "--name-only", "-z", "--no-ext-diff", "--no-textconv"]);
        // Another status is asked in each submodule, with that one's settings.
        arguments.extend(["--ignore-submodules=dirty", "HEAD", "--"]);
        let output = self.asked(&arguments)?;
        let mut paths: Vec<String> = parse::fields(&output).filter(|path| !path.is_empty()).collect();
        if !paths.is_empty() && !filters.is_empty() {
            let filtered = self.filtered(&paths, &filters)?;
            paths.retain(|path| !filtered.contains(path));
        }
        Ok(paths)
    }

    /// The names of the filters that any of git's settings has.
    fn filters(&self) -> Result<BTreeSet<String>, CheckoutError> {
        let output = match self.git.ask(&["config", "--name-only", "-z", "--get-regexp", r"^filter\."])? {
            Ended::Well(output) => output,
            // Git ends like this where no setting has such a name, and says nothing.
            Ended::Badly(_) => return Ok(BTreeSet::new()),
        };
        let names: BTreeSet<String> =
            parse::fields(&output).filter_map(|key| parse::filter_name(&key).map(str::to_owned)).collect();
        // A setting on the command line ends its name at the first of these.
        match names.iter().find(|name| name.contains('=')) {
            Some(_) => {
                Err(CheckoutError::Git("its settings have a filter that cannot be switched off".into()))
            }
            None => Ok(names),
        }
    }

    /// Those of the paths that one of these filters is for.
    fn filtered(
        &self,
        paths: &[String],
        filters: &BTreeSet<String>,
    ) -> Result<BTreeSet<String>, CheckoutError> {
        let input: String = paths.iter().map(|path| format!("{path}\0")).collect();
        match self.git.feed(&["check-attr", "-z", "--stdin", "filter"], input.into_bytes())? {
            Ended::Well(output) => Ok(parse::attributes(&output)
                .into_iter()
                .filter_map(|(path, filter)| filters.contains(&filter).then_some(path))
                .collect()),
            Ended::Badly(why) => Err(CheckoutError::Git(why)),
        }
    }

    /// What git prints; an error where it does not end well.
    fn asked(&self, arguments: &[&str]) -> Result<Vec<u8>, CheckoutError> {
        match self.git.ask(arguments)? {
            Ended::Well(output) => Ok(output),
            Ended::Badly(why) => Err(CheckoutError::Git(why)),
        }
    }

    /// The commits that git lists.
    fn logged(&self, arguments: &[&str]) -> Result<Vec<parse::Logged>, CheckoutError> {
        parse::commits(&self.asked(arguments)?)
            .ok_or_else(|| CheckoutError::Git("it printed something that is no list of commits".to_owned()))
    }

    /// The id that a name means; `None` where there is no such commit.
    fn id_of(&self, reference: &str) -> Result<Option<String>, CheckoutError> {
        // Git takes no name with such characters; a line end would make two arguments of one in a script of its own.
        if reference.is_empty() || reference.chars().any(|c| c.is_control()) {
            return Ok(None);
        }
        let name = format!("{reference}^{{commit}}");
        match self.git.ask(&["rev-parse", "--verify", "--quiet", "--end-of-options", &name])? {
            Ended::Well(output) => Ok(Some(parse::line(&output)).filter(|id| parse::is_id(id))),
            Ended::Badly(_) => Ok(None),
        }
    }

    fn is_shallow(&self) -> Result<bool, CheckoutError> {
        Ok(parse::line(&self.asked(&["rev-parse", "--is-shallow-repository"])?) == "true")
    }
}

impl Checkout for GitCheckout {
    fn commit(&self, reference: &str) -> Result<CommitFact, CheckoutError> {
        let shown: String = reference.chars().filter(|c| !c.is_control()).take(100).collect();
        let id = match self.id_of(reference)? {
            Some(id) => id,
            None if self.is_shallow()? && reference != "HEAD" => return Err(CheckoutError::Shallow(shown)),
            None => return Err(CheckoutError::UnknownCommit(shown)),
        };
        let found = self
            .logged(&["log", "-1", "--no-show-signature", "-z", parse::COMMIT_FORMAT, &id, "--"])?
            .into_iter()
            .next();
        found
            .map(|logged| logged.fact())
            .ok_or_else(|| CheckoutError::Git(format!("it printed no commit {id}")))
    }

    fn last_tag(&self, commit: &str) -> Result<Option<(String, String)>, CheckoutError> {
        let parent = format!("{commit}^");
        if self.id_of(&parent)?.is_none() {
            return Ok(None);
        }
        let tag = match self.git.ask(&["describe", "--tags", "--abbrev=0", "--end-of-options", &parent])? {
            Ended::Well(output) => parse::line(&output),
            // Git ends like this where no tag is among the ancestors.
            Ended::Badly(_) => return Ok(None),
        };
        let id = self.id_of(&format!("refs/tags/{tag}"))?;
        Ok(id.map(|id| (tag, id)))
    }

    fn history(&self, since: Option<&str>, until: &str) -> Result<History, CheckoutError> {
        let mut notes = Vec::new();
        let shallow = self.is_shallow()?;
        let range = match since {
            None if shallow => {
                return Err(CheckoutError::Shallow("the beginning of the repository".to_owned()));
            }
            None => until.to_owned(),
            Some(since) => {
                if self.id_of(since)?.is_none() && !shallow {
                    return Err(CheckoutError::UnknownCommit(parse::short(since).to_owned()));
                }
                let ancestor = self.git.ask(&["merge-base", "--is-ancestor", since, until])?;
                if matches!(ancestor, Ended::Badly(_)) {
                    if shallow {
                        return Err(CheckoutError::Shallow(parse::short(since).to_owned()));
                    }
                    notes.push(format!(
                        "{} is not an ancestor of what is deployed: what it has beyond is taken back, and not listed here",
                        parse::short(since)
                    ));
                }
                if shallow {
                    notes.push(
                        "the checkout is shallow: commits of merged branches may not be seen".to_owned(),
                    );
                }
                format!("{since}..{until}")
            }
        };
        let most = format!("--max-count={}", MOST_COMMITS + 1);
        let logged = self.logged(&[
            "log",
            "--no-show-signature",
            "--topo-order",
            "-z",
            &most,
            parse::COMMIT_FORMAT,
            &range,
            "--",
        ])?;
        if logged.len() > MOST_COMMITS {
            return Err(CheckoutError::TooMuch(format!(
                "there are more than {MOST_COMMITS} commits to look at"
            )));
        }
        let mut paths = parse::paths(&self.asked(&[
            "log",
            "--no-show-signature",
            "--first-parent",
            "--diff-merges=first-parent",
            "--ignore-submodules=none",
            "--raw",
            "--no-abbrev",
            "-M",
            "--no-ext-diff",
            "--no-textconv",
            "-z",
            &most,
            "--format=%H",
            &range,
            "--",
        ])?);
        let steps = parse::steps(until, &logged)
            .into_iter()
            .map(|step| HistoryStep {
                commit: step.commit.fact(),
                author: step.commit.author.clone(),
                messages: std::iter::once(step.commit)
                    .chain(step.merged.iter().copied())
                    .map(|commit| commit.message.clone())
                    .collect(),
                merged: step.merged.iter().map(|commit| commit.id.clone()).collect(),
                paths: paths.remove(&step.commit.id).unwrap_or_default(),
            })
            .collect();
        Ok(History { since: since.map(str::to_owned), steps, notes })
    }

    fn files(&self, commit: &str) -> Result<Vec<TreeFile>, CheckoutError> {
        let output = self.asked(&["ls-tree", "-r", "-z", "-l", "--full-tree", "--end-of-options", commit])?;
        let files = parse::files(&output);
        if files.len() > MOST_FILES {
            return Err(CheckoutError::TooMuch(format!("the commit has more than {MOST_FILES} files")));
        }
        Ok(files)
    }

    fn links(&self, commit: &str) -> Result<BTreeSet<String>, CheckoutError> {
        let output = self.asked(&["ls-tree", "-r", "-z", "-l", "--full-tree", "--end-of-options", commit])?;
        Ok(parse::links(&output))
    }

    fn read(&self, files: &[&TreeFile]) -> Result<Vec<Vec<u8>>, CheckoutError> {
        if files.is_empty() {
            return Ok(Vec::new());
        }
        // Contents are asked for by id: no path is ever written into git's input.
        let ids: String =
            files.iter().filter(|file| parse::is_id(&file.id)).map(|file| format!("{}\n", file.id)).collect();
        let output = match self.git.feed(&["cat-file", "--batch"], ids.into_bytes())? {
            Ended::Well(output) => output,
            Ended::Badly(why) => return Err(CheckoutError::Git(why)),
        };
        let contents = parse::contents(&output);
        if contents.len() == files.len() {
            Ok(contents)
        } else {
            Err(CheckoutError::Git(format!("it gave {} of {} files", contents.len(), files.len())))
        }
    }

    fn remotes(&self) -> Result<Vec<String>, CheckoutError> {
        match self.git.ask(&["config", "--local", "-z", "--get-regexp", r"^remote\..*\.url$"])? {
            // `remote.origin.url`, a line end, the address
            Ended::Well(output) => Ok(parse::fields(&output)
                .filter_map(|field| field.split_once('\n').map(|(_, url)| url.to_owned()))
                .collect()),
            Ended::Badly(_) => Ok(Vec::new()),
        }
    }
}

#[cfg(test)]
mod tests;
