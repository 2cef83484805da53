//! What people wrote about a change, and their votes, with who and when where the service really has them.

use std::collections::BTreeMap;

use crate::Timestamp;
use crate::checklist::{ChangeText, Place, TextSource, Vote, VoteSays, Voter, WorkItemFact, strikes};
use crate::devops::pull_requests::{Comment, CommentKind, PullRequest, Reviewer, Thread};
use crate::devops::work_items::{WorkItem, WorkItemChange};

use super::{AzureDevOpsForge, MARK};

/// The fields of a work item that hold people's text.
const FIELDS: [&str; 3] =
    ["System.Description", "Microsoft.VSTS.Common.AcceptanceCriteria", "Microsoft.VSTS.TCM.ReproSteps"];

fn text(source: TextSource, text: String, place: &Place) -> ChangeText {
    ChangeText { source, text, by: None, when: None, place: Some(place.clone()) }
}

/// The description, labels and comments of a pull request.
pub(super) fn of_request(request: &PullRequest, threads: &[Thread], page: &Place) -> Vec<ChangeText> {
    let mut texts =
        vec![text(TextSource::Description, format!("{}\n\n{}", request.title, request.description), page)];
    texts.extend(request.labels.iter().map(|label| text(TextSource::Label, label.name.clone(), page)));
    texts.extend(comments(threads).filter(|comment| !comment.content.contains(MARK)).map(|comment| {
        ChangeText {
            by: Some(comment.author.display_name.clone()).filter(|by| !by.is_empty()),
            when: comment.last_content_updated_date.or(comment.published_date),
            ..text(TextSource::Comment, comment.content.clone(), page)
        }
    }));
    texts
}

fn comments(threads: &[Thread]) -> impl Iterator<Item = &Comment> {
    threads
        .iter()
        .filter(|thread| !thread.is_deleted)
        .flat_map(|thread| &thread.comments)
        .filter(|comment| comment.comment_type == CommentKind::Text && !comment.is_deleted)
}

/// The votes of people. A group's vote is its members', who are listed themselves.
pub(super) fn votes(request: &PullRequest, threads: &[Thread]) -> Vec<Vote> {
    let moments = moments(threads);
    let says = |vote: i64| match vote {
        5 | 10 => Some(VoteSays::Approved),
        -5 => Some(VoteSays::Waiting),
        -10 => Some(VoteSays::Rejected),
        _ => None,
    };
    request
        .reviewers
        .iter()
        .filter(|reviewer| !reviewer.is_container)
        .filter_map(|reviewer| {
            let says = says(reviewer.vote)?;
            let names = reviewer.voted_for.iter().map(|group| group.display_name.clone());
            Some(Vote {
                by: reviewer.display_name.clone(),
                groups: std::iter::once(reviewer.unique_name.clone())
                    .chain(names)
                    .filter(|name| !name.is_empty())
                    .collect(),
                says,
                when: moments.get(reviewer.id.as_str()).copied(),
                voter: voter(request, reviewer),
            })
        })
        .collect()
}

/// Who cannot be told from the author is the author.
fn voter(request: &PullRequest, reviewer: &Reviewer) -> Voter {
    let author = &request.created_by;
    let same_name =
        !author.unique_name.is_empty() && author.unique_name.eq_ignore_ascii_case(&reviewer.unique_name);
    if author.id.is_empty() || reviewer.id.is_empty() || author.id == reviewer.id || same_name {
        Voter::Author
    } else {
        Voter::SomebodyElse
    }
}

/// When each person voted last: the service notes votes as comments of its own.
fn moments(threads: &[Thread]) -> BTreeMap<&str, Timestamp> {
    let mut moments: BTreeMap<&str, Timestamp> = BTreeMap::new();
    for comment in threads.iter().filter(|thread| thread.notes_a_vote()).flat_map(|thread| &thread.comments) {
        if let Some(when) = comment.published_date.filter(|_| comment.comment_type == CommentKind::System) {
            let last = moments.entry(comment.author.id.as_str()).or_insert(when);
            *last = when.max(*last);
        }
    }
    moments
}

/// Whether a work item's text may hold a ticked box.
pub(super) fn may_attest(item: &WorkItem) -> bool {
    FIELDS.iter().any(|field| {
        let text = item.text(field).to_ascii_lowercase();
        text.contains("[x]") || text.contains('\u{2611}') || text.contains('\u{2705}')
    })
}

/// The texts and links of a work item.
pub(super) fn of_work_item(item: &WorkItem, changes: &[WorkItemChange], page: &Place) -> Vec<ChangeText> {
    let mut texts = vec![text(TextSource::Label, item.text("System.Title").to_owned(), page)];
    for field in FIELDS {
        let written = item.text(field);
        if written.is_empty() {
            continue;
        }
        // Whoever gave the field the text that it has now wrote all of it, as far as can be told.
        let last = changes.iter().rev().find(|change| change.new_text(field).is_some());
        let last = last.filter(|change| change.new_text(field) == Some(written));
        let source = if last.is_some() { TextSource::WorkItem } else { TextSource::Description };
        texts.push(ChangeText {
            by: last.map(|change| change.revised_by.display_name.clone()).filter(|by| !by.is_empty()),
            when: last.and_then(WorkItemChange::when),
            ..text(source, plain(written), page)
        });
    }
    texts.extend(
        item.relations
            .iter()
            .filter(|relation| relation.kind == "Hyperlink")
            .map(|relation| text(TextSource::Label, relation.url.clone(), page)),
    );
    texts
}

/// The facts of a work item.
pub(super) fn work_item(forge: &AzureDevOpsForge<'_>, item: &WorkItem) -> WorkItemFact {
    WorkItemFact {
        id: item.id,
        kind: item.text("System.WorkItemType").to_owned(),
        title: item.text("System.Title").to_owned(),
        state: item.text("System.State").to_owned(),
        tags: item.tags(),
        by: item.person("System.ChangedBy").map(|person| person.display_name).filter(|by| !by.is_empty()),
        when: item.time("System.ChangedDate"),
        place: Some(Place::Url(forge.at.work_item_page(item.id))),
    }
}

/// A field's HTML as the text that people see, a line for each block; Markdown stays as it is, and so do the tags that say
/// whose words it is, whether they still hold, and where they lead.
fn plain(written: &str) -> String {
    let mut out = String::with_capacity(written.len());
    let mut rest = written;
    while let Some(start) = rest.find('<') {
        let (before, tag) = rest.split_at(start);
        out.push_str(before);
        let inside = tag.get(1..).unwrap_or_default();
        let named = inside.strip_prefix('/').unwrap_or(inside).starts_with(|c: char| c.is_ascii_alphabetic());
        // A tag ends before the next one begins, so that each is looked through once.
        let end = inside.find(['<', '>']).filter(|at| named && inside.as_bytes().get(*at) == Some(&b'>'));
        let Some(end) = end.map(|at| at + 1) else {
            out.push('<');
            rest = inside;
            continue;
        };
        let name: String = inside
            .trim_start_matches('/')
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_lowercase();
        let whole = tag.get(..=end).unwrap_or_default();
        match name.as_str() {
            "br" | "p" | "div" | "li" | "ul" | "ol" | "tr" | "h1" | "h2" | "h3" | "h4" | "blockquote" => {
                if !out.ends_with('\n') {
                    out.push('\n');
                }
                if name == "li" && !inside.starts_with('/') {
                    out.push_str("- ");
                } else if name == "blockquote" {
                    out.push_str(whole);
                    out.push('\n');
                }
            }
            // What the checklist tells from what its writer says.
            name if name == "a" || strikes(name) => out.push_str(whole),
            _ => {}
        }
        rest = tag.get(end + 1..).unwrap_or_default();
    }
    out.push_str(rest);
    let entities =
        [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    entities.into_iter().fold(out, |text, (written, meant)| text.replace(written, meant))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_becomes_the_lines_that_people_see() {
        let html = "<div>Done:</div><ul><li>[x] backups-taken: &quot;7&quot;&amp;8</li><li>[ ] other</li></ul>a &lt; b <a href=\"https://x/ADR-12\">it</a>";
        assert_eq!(
            plain(html),
            "\nDone:\n- [x] backups-taken: \"7\"&8\n- [ ] other\na < b <a href=\"https://x/ADR-12\">it</a>"
        );
        let quoted = "<blockquote>[x] a</blockquote><s>b</s>";
        assert_eq!(plain(quoted), "\n<blockquote>\n[x] a\n</blockquote>\n<s>b</s>");
        for text in ["- [x] a\n- 1 < 2 > 0", "<", "<3", "ä<", "<p", "a <b"] {
            assert!(!plain(text).is_empty(), "{text}");
        }
        assert_eq!(plain("- [x] a\n1 < 2"), "- [x] a\n1 < 2");
    }

    /// At this size a way that looks ahead from every mark would not end.
    #[test]
    fn fields_of_any_marks_are_read_to_their_end() {
        for mark in ["<", "<a", "</", "<p ", "&lt;", "&", "<a href=\""] {
            assert!(!plain(&mark.repeat(1_000_000 / mark.len())).is_empty(), "{mark}");
        }
    }
}
