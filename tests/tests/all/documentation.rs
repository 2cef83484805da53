//! The documentation keeps its promises: its links lead somewhere, and the policies that it shows are valid.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use runbook_gate::Timestamp;
use runbook_gate::diagnostic::Colour;
use runbook_gate::policy::PolicyFile;

/// A Markdown file of the repository.
struct Page {
    path: PathBuf,
    text: String,
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// The repository's Markdown files.
fn pages() -> Vec<Page> {
    let root = repository();
    let mut waiting = vec![root.clone()];
    let mut paths = Vec::new();
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name();
            let built = name.to_string_lossy().starts_with('.') || name == "target" || name == "node_modules";
            if entry.file_type().unwrap().is_dir() {
                waiting.extend((!built).then(|| entry.path()));
            } else {
                paths.push(entry.path());
            }
        }
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    paths.sort();
    let pages: Vec<Page> =
        paths.into_iter().map(|path| Page { text: fs::read_to_string(&path).unwrap(), path }).collect();
    assert!(pages.len() > 3, "the documentation was not found under {}", root.display());
    pages
}

/// The lines outside of fenced code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// The targets of inline links and images of a line, code spans left out.
fn targets(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (index, outside_code) in line.split('`').enumerate() {
        if index % 2 == 1 {
            continue;
        }
        let mut rest = outside_code;
        while let Some((_, after)) = rest.split_once("](") {
            let (target, after) = after.split_once(')').unwrap_or((after, ""));
            found.push(target.split_whitespace().next().unwrap_or(""));
            rest = after;
        }
    }
    found
}

/// A heading's anchor by GitHub's and Azure DevOps' rule: lower case, words joined by hyphens, other signs dropped.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    kept.chars()
        .filter(|&c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

fn anchors(text: &str) -> BTreeSet<String> {
    prose(text)
        .filter_map(|line| {
            let heading = line.trim_start_matches('#');
            (heading.len() < line.len() && heading.starts_with(' ')).then(|| anchor(heading))
        })
        .collect()
}

/// What is wrong with a link of a page, if anything is.
fn broken(page: &Page, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, fragment) = target.split_once('#').unwrap_or((target, ""));
    let file = if path.is_empty() { page.path.clone() } else { page.path.parent()?.join(path) };
    if !file.exists() {
        return Some(format!("{}: {target} does not exist", page.path.display()));
    }
    if fragment.is_empty() || file.extension().is_none_or(|extension| extension != "md") {
        return None;
    }
    let known = anchors(&fs::read_to_string(&file).ok()?);
    (!known.contains(fragment)).then(|| format!("{}: {target}: no such heading", page.path.display()))
}

#[test]
fn every_relative_link_leads_to_a_file_and_a_heading() {
    let mut wrong = Vec::new();
    for page in pages() {
        for line in prose(&page.text) {
            wrong.extend(targets(line).into_iter().filter_map(|target| broken(&page, target)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The fenced blocks of a page that are policies.
fn policies(page: &Page) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = page.text.as_str();
    while let Some((_, after)) = rest.split_once("```yaml\n") {
        let (block, after) = after.split_once("```").unwrap_or((after, ""));
        let has = |key: &str| block.lines().any(|line| line.starts_with(key));
        if has("version:") && has("service:") {
            found.push(block.to_owned());
        }
        rest = after;
    }
    found
}

#[test]
fn every_policy_that_is_shown_is_valid_and_gives_no_warning() {
    let mut shown: Vec<(String, String)> = Vec::new();
    for page in pages() {
        let name = page.path.display().to_string();
        shown.extend(policies(&page).into_iter().map(|policy| (name.clone(), policy)));
    }
    assert!(!shown.is_empty(), "the README shows a policy");
    for entry in fs::read_dir(repository().join("examples/policies")).unwrap() {
        let path = entry.unwrap().path();
        shown.push((path.display().to_string(), fs::read_to_string(path).unwrap()));
    }
    let today: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    for (name, policy) in shown {
        match PolicyFile::parse(&name, &policy, today) {
            // It shows most of the language, sources that this version cannot read among it.
            Ok(_) if name.ends_with("full.yml") => {}
            Ok(checked) => {
                assert!(checked.warnings.is_empty(), "{}", checked.warnings.render(Colour::Plain));
            }
            Err(wrong) => panic!("{}", wrong.render(Colour::Plain)),
        }
    }
}

#[test]
fn links_are_found_and_code_is_not_read_for_them() {
    assert_eq!(targets("see [a](b.md), ![c](d.svg \"e\") and [`f`](g.md#h)"), ["b.md", "d.svg", "g.md#h"]);
    assert_eq!(targets("`x[0](y)` is code"), [""; 0]);
    assert_eq!(prose("a\n```\n[b](c)\n```\nd").collect::<Vec<_>>(), ["a", "d"]);
}

#[test]
fn a_link_to_nowhere_is_broken() {
    let page = Page { path: repository().join("README.md"), text: String::new() };
    assert_eq!(broken(&page, "CONTRIBUTING.md#test-it"), None);
    assert_eq!(broken(&page, "https://example.com/x"), None);
    assert!(broken(&page, "CONTRIBUTING.md#no-such").is_some());
    assert!(broken(&page, "NO-SUCH.md").is_some());
}

#[test]
fn anchors_are_made_as_the_viewers_make_them() {
    assert_eq!(anchor(" What it does: `proceed`, hold & more"), "what-it-does-proceed-hold--more");
}
