//! A comment on a pull request, in Markdown.

use std::fmt::Write;

use super::Announcement;
use crate::devops::verdict::environment_word;
use crate::report::escape;

/// The comment. It begins with its [`marker`].
#[must_use]
pub fn comment(announcement: &Announcement, run: u64) -> String {
    let mut text = format!("{}\n", marker(announcement, run));
    // Writing to a string cannot fail.
    let _ = writeln!(text, "### {} {}\n", announcement.event.sign(), escape::markdown(&announcement.title()));
    let _ = writeln!(text, "{}\n", escape::markdown(&announcement.reason));
    for fact in announcement.facts() {
        let _ = writeln!(text, "- {}: {}", fact.name, escape::markdown(fact.value()));
    }
    let _ = writeln!(text, "\n**{}**", escape::markdown(&announcement.asks));
    let links: Vec<String> = announcement
        .links
        .iter()
        .map(|(title, url)| format!("[{}]({})", escape::markdown(title), address(url)))
        .collect();
    if !links.is_empty() {
        let _ = writeln!(text, "\n{}", links.join(" · "));
    }
    text
}

/// The comment's first line, which no reader sees: by it the comment is found again and changed instead of said twice. There
/// is one for each event of a run in an environment.
///
/// ```
/// # use runbook_gate::rollback::{Announcement, VerdictRecord, marker};
/// # let line = r#"{"kind":"verdict","version":1,"service":"orders-api","environment":"production","profile":"deployment",
/// #     "decision":"hold","enforcement":"enforce","reason":"no data","criterion":null,
/// #     "release":{"run":12,"version":"1.4.0","commit":"1a2b3c4d"},"judged_in":12,"started_at":null,"onset":null,
/// #     "decided_at":null,"policy_sha256":""}"#;
/// # let verdict = VerdictRecord::read(line)?;
/// let hold = Announcement::of_verdict(&verdict).unwrap();
/// assert_eq!(marker(&hold, 12), "<!-- runbook-gate production hold run-12 -->");
/// # Ok::<(), runbook_gate::rollback::RecordError>(())
/// ```
#[must_use]
pub fn marker(announcement: &Announcement, run: u64) -> String {
    // As such a word the environment's name cannot end the comment that hides it.
    let environment = environment_word(&announcement.environment);
    format!("<!-- runbook-gate {environment} {} run-{run} -->", announcement.event.as_str())
}

/// An address between parentheses.
fn address(url: &url::Url) -> String {
    url.as_str().replace('(', "%28").replace(')', "%29").replace(['<', '>', ' '], "")
}
