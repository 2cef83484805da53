//! Where evidence is, as a link: only to pages of http and https, and only with what a link's address may hold.

use url::Url;

use super::ChecklistReport;
use crate::checklist::{ChangeShown, Evidence, Place, When};
use crate::report::escape::{LONGEST_ADDRESS, code, markdown};

/// Where, when and by whom, for Markdown; empty where nothing of it is known.
pub(super) fn linked(report: &ChecklistReport, evidence: &Evidence) -> String {
    let place = evidence.place.as_ref().map(|place| of_place(report, place));
    let when = evidence.when.as_ref().map(|when| match when {
        When::At(moment) => markdown(&format!("at {moment}")),
        When::On(day) => markdown(&format!("on {day}")),
    });
    let by = evidence.by.as_ref().map(|by| markdown(&format!("by {by}")));
    [place, when, by].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The name of a change, as a link to its page.
pub(super) fn change(report: &ChecklistReport, change: &ChangeShown) -> String {
    let address = match &change.place {
        Some(Place::Url(url)) => Some(url.clone()),
        Some(Place::Commit(id)) => report.commit_page(id),
        Some(Place::Path(_)) | None => None,
    };
    named(&markdown(&change.name), address)
}

fn of_place(report: &ChecklistReport, place: &Place) -> String {
    match place {
        Place::Url(text) => page(text).map_or_else(|| markdown(text), |page| format!("[open]({page})")),
        Place::Path(path) => named(&code(path), report.source_page(path)),
        Place::Commit(id) => {
            let short = id.get(..7).unwrap_or(id);
            named(&markdown(&format!("commit {short}")), report.commit_page(id))
        }
    }
}

/// A path of the deployed commit, as a link where its repository has pages.
pub(super) fn path(report: &ChecklistReport, path: &str) -> String {
    named(&code(path), report.source_page(path))
}

fn named(name: &str, address: Option<String>) -> String {
    match address.as_deref().and_then(page) {
        Some(page) => format!("[{name}]({page})"),
        None => name.to_owned(),
    }
}

/// An address that ends where it seems to end, whatever it holds.
fn page(text: &str) -> Option<String> {
    if text.len() > LONGEST_ADDRESS {
        return None;
    }
    let url: Url = text.parse().ok()?;
    let web = matches!(url.scheme(), "http" | "https") && url.has_host();
    if !web || !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    let mut page = String::with_capacity(text.len());
    for byte in url.as_str().bytes() {
        // Whatever means something to a renderer, to a table or to a pipeline's agent is encoded.
        if byte.is_ascii_alphanumeric()
            || b"-._~:/?&=%+,;@$".contains(&byte)
            || byte == b'#' && !page.ends_with('#')
        {
            page.push(char::from(byte));
        } else {
            page.push_str(&format!("%{byte:02X}"));
        }
    }
    // `_` and `~` may stand for emphasis outside of a link, never inside of its address.
    Some(page)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser, Tag};

    use super::*;

    #[test]
    fn only_pages_of_the_web_become_links() {
        assert_eq!(page("https://x.example/a?b=c#d").as_deref(), Some("https://x.example/a?b=c#d"));
        assert_eq!(
            page("https://x.example/a) [b](c").as_deref(),
            Some("https://x.example/a%29%20%5Bb%5D%28c")
        );
        for text in [
            "",
            "docs/a.md",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://u:p@x.example/",
            "//x",
            "file:///a",
        ] {
            assert_eq!(page(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_address_is_one_link_and_nothing_more(text in "https://[a-z]{1,8}\\.example/([a-z0-9)(\\]\\[<>|*_`\"' \n\\\\#!&~]|##vso\\[|\\.\\./){0,40}") {
            let Some(page) = page(&text) else { return Ok(()) };
            prop_assert!(!page.contains("##") && !page.contains(['|', ' ', '<', '`']));
            let whole = format!("| a | [open]({page}) |\n|---|---|\n");
            let mut links = 0;
            for event in Parser::new_ext(&whole, Options::all()) {
                match event {
                    Event::Start(Tag::Link { .. }) => links += 1,
                    Event::Html(_) | Event::InlineHtml(_) | Event::Start(Tag::Image { .. } | Tag::Emphasis | Tag::Strong) => {
                        prop_assert!(false, "{event:?} in {whole}");
                    }
                    _ => {}
                }
            }
            prop_assert_eq!(links, 1, "{}", whole);
        }
    }
}
