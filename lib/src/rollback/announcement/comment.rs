//! A comment on a pull request, in Markdown.

use std::fmt::Write;

use super::Announcement;
use crate::report::escape;

/// The comment. It begins with a marker, by which it is found again and changed instead of said twice: one for each event
/// of a run in an environment.
///
/// `key` names the run: `run-1234`.
#[must_use]
pub fn comment(announcement: &Announcement, key: &str) -> String {
    let mut text = format!("{}\n", marker(announcement, key));
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

/// The comment's first line, which no reader sees.
fn marker(announcement: &Announcement, key: &str) -> String {
    let plain = |text: &str| -> String {
        text.chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .take(80)
            .collect::<String>()
            .replace("--", "-")
    };
    format!(
        "<!-- runbook-gate {} {} {} -->",
        plain(&announcement.environment),
        announcement.event.as_str(),
        plain(key)
    )
}

/// An address between parentheses.
fn address(url: &url::Url) -> String {
    url.as_str().replace('(', "%28").replace(')', "%29").replace(['<', '>', ' '], "")
}
