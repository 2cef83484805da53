//! A person's word while a gate watches: a tag of the run, a file beside the reports, or a line typed on the terminal.
//!
//! The words are `rollback-now` and `hold-now`, whole, wherever they are said. Whatever cannot be looked at is remarked once,
//! and ends nothing.

use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};
use std::thread;

use runbook_gate::Duration;
use runbook_gate::devops::{Client, Project, runs};
use runbook_gate::gate::Decision;

use crate::door::Place;
use crate::drive::threads::{Switch, pause};
use crate::files::{REQUEST, ReportFolder, shown};
use crate::session::Session;

/// What asks for a rollback.
const ROLLBACK: &str = "rollback-now";
/// What asks for a hold.
const HOLD: &str = "hold-now";
/// How often the tags of the run are asked for.
const TAGS_EVERY: Duration = Duration::from_secs(15);
/// How often, after they could not be read.
const AFTER_FAILURE: Duration = Duration::from_secs(60);
/// The longest that one look at them takes.
const LONGEST_LOOK: Duration = Duration::from_secs(10);
/// How often the file is looked at.
const FILE_EVERY: Duration = Duration::from_millis(500);
/// So much of a file or a line is read, in bytes: more than any word.
const LONGEST_WORD: u64 = 200;

/// Listens for a person's word from now on, wherever one can be said here.
pub fn listen(session: &Session, switch: &Switch, folder: Option<&ReportFolder>) {
    if let Some(folder) = folder {
        let (path, switch) = (folder.path(REQUEST), switch.clone());
        spawn("request", switch.clone(), move || heed_file(&path, &switch, pause));
    }
    if let Some(run) = Run::of(session) {
        let switch = switch.clone();
        spawn("tags", switch.clone(), move || heed_tags(run.id, || run.tags(), &switch, pause));
    }
    use std::io::IsTerminal;
    if session.door.place() == Place::Desk && std::io::stdin().is_terminal() {
        let who = ["USER", "USERNAME"].into_iter().find_map(|name| session.variable(name));
        let by = format!("{} at the terminal", who.unwrap_or("somebody"));
        let switch = switch.clone();
        spawn("terminal", switch.clone(), move || heed_lines(std::io::stdin().lock(), &by, &switch));
    }
}

/// The threads end with the process: one that waits for a line holds nobody up.
fn spawn(name: &str, switch: Switch, heed: impl FnOnce() + Send + 'static) {
    if let Err(error) = thread::Builder::new().name(name.to_owned()).spawn(heed) {
        switch.remark(format!("nobody listens for a person's word ({name}): {error}"));
    }
}

/// The decision that a text asks for: the word, and nothing else.
fn word(text: &str) -> Option<Decision> {
    // Tags are compared without case.
    match text.trim() {
        text if text.eq_ignore_ascii_case(ROLLBACK) => Some(Decision::Rollback),
        text if text.eq_ignore_ascii_case(HOLD) => Some(Decision::Hold),
        _ => None,
    }
}

const fn spelt(decision: Decision) -> &'static str {
    match decision {
        Decision::Rollback => ROLLBACK,
        Decision::Hold | Decision::Proceed => HOLD,
    }
}

/// The run whose tags are read, with the job's own token.
struct Run {
    id: u64,
    project: Project,
    transport: std::sync::Arc<dyn runbook_gate::transport::Transport>,
}

impl Run {
    fn of(session: &Session) -> Option<Self> {
        let token = ["ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN", "SYSTEM_ACCESSTOKEN"];
        // Runs of other kinds have no such tags, and a script without the token cannot ask.
        if session.collection().is_none()
            || session.variable("SYSTEM_HOSTTYPE") != Some("build")
            || !token.into_iter().any(|name| session.variable(name).is_some())
        {
            return None;
        }
        let project =
            session.variable("SYSTEM_TEAMPROJECTID").or_else(|| session.variable("SYSTEM_TEAMPROJECT"));
        Some(Self {
            id: session.variable("BUILD_BUILDID")?.parse().ok()?,
            project: project?.parse().ok()?,
            transport: session.azure_devops(None).ok()?,
        })
    }

    fn tags(&self) -> Result<Vec<String>, String> {
        let allowance = || LONGEST_LOOK;
        let client = Client::new(self.transport.as_ref(), self.project.clone(), &allowance);
        client.page::<String>(&runs::tags(self.id)).map(|page| page.items).map_err(|error| error.to_string())
    }
}

/// Tags have no time. Those that stand at the first look may be of an earlier attempt's gate: they are told, and not obeyed
/// until they were taken away and set again.
#[derive(Default)]
struct Tags {
    old: Option<Vec<Decision>>,
}

/// What a look at the tags says.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Nothing,
    Asked(Decision),
    Old(Vec<Decision>),
}

impl Tags {
    fn look(&mut self, tags: &[String]) -> Seen {
        let stands = |decision: &Decision| tags.iter().any(|tag| word(tag) == Some(*decision));
        // Where both are asked for, a person has to look: that is what a hold is.
        let standing: Vec<Decision> =
            [Decision::Hold, Decision::Rollback].into_iter().filter(stands).collect();
        let Some(old) = &mut self.old else {
            self.old = Some(standing.clone());
            return if standing.is_empty() { Seen::Nothing } else { Seen::Old(standing) };
        };
        old.retain(|decision| standing.contains(decision));
        standing.into_iter().find(|decision| !old.contains(decision)).map_or(Seen::Nothing, Seen::Asked)
    }
}

fn heed_tags(
    run: u64,
    ask: impl Fn() -> Result<Vec<String>, String>,
    switch: &Switch,
    pause: impl Fn(Duration),
) {
    let mut tags = Tags::default();
    let mut failed = false;
    while switch.is_heard() {
        let wait = match ask() {
            Ok(found) => {
                match tags.look(&found) {
                    Seen::Nothing => {}
                    Seen::Asked(decision) => {
                        return switch
                            .request(decision, &format!("the tag {} on run {run}", spelt(decision)));
                    }
                    Seen::Old(old) => {
                        let words: Vec<&str> = old.into_iter().map(spelt).collect();
                        switch.remark(format!(
                            "run {run} was tagged {} before this gate could look, perhaps for an earlier attempt: that is not obeyed; \
                             take the tag away, wait {TAGS_EVERY}, and set it again",
                            words.join(" and ")
                        ));
                    }
                }
                TAGS_EVERY
            }
            Err(why) => {
                if !failed {
                    failed = true;
                    switch.remark(format!("no tag can end this gate as long as they cannot be read: {why}"));
                }
                AFTER_FAILURE
            }
        };
        pause(wait);
    }
}

fn heed_file(path: &Path, switch: &Switch, pause: impl Fn(Duration)) {
    let mut before = String::new();
    let mut told = false;
    while switch.is_heard() {
        let text = beginning(path.to_owned());
        if let Some(decision) = word(&text) {
            return switch.request(decision, &format!("the file {}", shown(path)));
        }
        // Somebody may still be writing it.
        if !told && !text.trim().is_empty() && text == before {
            told = true;
            switch.remark(format!(
                "the file {} says neither {ROLLBACK} nor {HOLD}: it is not obeyed",
                shown(path)
            ));
        }
        before = text;
        pause(FILE_EVERY);
    }
}

/// The beginning of a file; empty where it cannot be read.
fn beginning(path: PathBuf) -> String {
    let mut bytes = Vec::new();
    if path.is_file()
        && let Ok(file) = std::fs::File::open(path)
    {
        // What was read before an error is no word either.
        let _ = file.take(LONGEST_WORD).read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A whole line is asked for: no stray key rolls anything back.
fn heed_lines(mut lines: impl BufRead, by: &str, switch: &Switch) {
    loop {
        let mut line = Vec::new();
        match lines.by_ref().take(LONGEST_WORD).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        if let Some(decision) = word(&String::from_utf8_lossy(&line)) {
            return switch.request(decision, by);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::drive::stage::Event;
    use crate::drive::threads::Events;

    fn asked(decision: Decision, by: &str) -> Event {
        Event::Requested { decision, by: by.to_owned() }
    }

    /// What looks at these tags, one after the other, come to.
    fn heed(looks: Vec<Result<Vec<&str>, &str>>) -> (Vec<Event>, Vec<Duration>) {
        let events = RefCell::new(Some(Events::default()));
        let switch = events.borrow().as_ref().map(Events::switch).unwrap();
        let looks = RefCell::new(looks.into_iter());
        let (waits, heard) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
        let next = || match looks.borrow_mut().next() {
            Some(Ok(tags)) => Ok(tags.into_iter().map(str::to_owned).collect()),
            Some(Err(why)) => Err(why.to_owned()),
            None => {
                // The gate has ended, and nobody listens any more.
                heard.borrow_mut().extend(events.borrow_mut().take().into_iter().flat_map(Events::drain));
                Ok(Vec::new())
            }
        };
        heed_tags(7, next, &switch, |wait| waits.borrow_mut().push(wait));
        heard.borrow_mut().extend(events.borrow_mut().take().into_iter().flat_map(Events::drain));
        (heard.into_inner(), waits.into_inner())
    }

    #[test]
    fn the_words_are_whole_and_nothing_else() {
        assert_eq!(word(" rollback-now\n"), Some(Decision::Rollback));
        assert_eq!(word("Hold-Now"), Some(Decision::Hold));
        for text in
            ["", "rollback", "rollback-now!", "no rollback-now", "proceed-now", "rollback-now hold-now", "r"]
        {
            assert_eq!(word(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_tag_that_comes_while_the_gate_watches_ends_it() {
        let (events, waits) =
            heed(vec![Ok(vec!["x"]), Ok(vec!["x"]), Ok(vec!["x", "rollback-now"]), Ok(vec![])]);
        assert_eq!(events, [asked(Decision::Rollback, "the tag rollback-now on run 7")]);
        assert_eq!(waits, [TAGS_EVERY; 2]);
    }

    #[test]
    fn where_both_are_asked_for_a_person_has_to_look() {
        let (events, _) = heed(vec![Ok(vec![]), Ok(vec!["rollback-now", "hold-now"])]);
        assert_eq!(events, [asked(Decision::Hold, "the tag hold-now on run 7")]);
    }

    #[test]
    fn a_tag_of_an_earlier_attempt_is_told_and_obeyed_only_when_it_is_set_again() {
        let (events, _) = heed(vec![Ok(vec!["rollback-now"]), Ok(vec!["rollback-now"])]);
        let [Event::Remarked { text }] = events.as_slice() else { panic!("{events:?}") };
        assert!(text.contains("run 7 was tagged rollback-now before this gate could look"), "{text}");
        let (events, _) = heed(vec![Ok(vec!["rollback-now"]), Ok(vec![]), Ok(vec!["rollback-now"])]);
        assert_eq!(events.last(), Some(&asked(Decision::Rollback, "the tag rollback-now on run 7")));
        // Another word is a new one.
        let (events, _) = heed(vec![Ok(vec!["hold-now"]), Ok(vec!["hold-now", "rollback-now"])]);
        assert_eq!(events.last(), Some(&asked(Decision::Rollback, "the tag rollback-now on run 7")));
    }

    #[test]
    fn tags_that_cannot_be_read_are_told_once_and_end_nothing() {
        let (events, waits) =
            heed(vec![Err("403"), Err("403"), Ok(vec!["rollback-now"]), Ok(vec![]), Err("404")]);
        let texts: Vec<&str> = events
            .iter()
            .filter_map(|event| match event {
                Event::Remarked { text } => Some(text.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!((texts.len(), events.len()), (2, 2), "{events:?}");
        assert!(texts[0].ends_with("cannot be read: 403"), "{texts:?}");
        assert!(
            texts[1].contains("before this gate could look"),
            "what stood there when it could not is old"
        );
        assert_eq!(waits[..3], [AFTER_FAILURE, AFTER_FAILURE, TAGS_EVERY]);
    }

    #[test]
    fn a_file_is_obeyed_once_it_says_the_word_and_told_once_where_it_says_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("request");
        let events = Events::default();
        let contents = RefCell::new(vec!["", "roll", "roll", "roll", "rollback-now\n"].into_iter());
        heed_file(&path, &events.switch(), |_| {
            std::fs::write(&path, contents.borrow_mut().next().unwrap()).unwrap();
        });
        let events: Vec<Event> = events.drain();
        let by = format!("the file {}", shown(&path));
        assert!(
            matches!(&events[0], Event::Remarked { text } if text.contains("says neither")),
            "{events:?}"
        );
        assert_eq!(events[1..], [asked(Decision::Rollback, &by)]);
    }

    #[test]
    fn a_line_is_obeyed_and_a_stray_key_is_not() {
        let heed = |typed: &str| {
            let events = Events::default();
            heed_lines(typed.as_bytes(), "ann at the terminal", &events.switch());
            events.drain()
        };
        assert_eq!(heed("r\n\nrollback\n"), []);
        assert_eq!(heed(&"r".repeat(100_000)), []);
        assert_eq!(heed("r\nhold-now\nrollback-now\n"), [asked(Decision::Hold, "ann at the terminal")]);
    }
}
