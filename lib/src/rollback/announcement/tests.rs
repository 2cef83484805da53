use serde_json::Value;

use super::*;
use crate::gate::Decision;
use crate::policy::Enforcement;
use crate::rollback::{Profile, Release};

/// Texts that mean something to one reader or another.
const HOSTILE: [&str; 8] = [
    "<!channel> <!here> <@U012> <https://evil.example|click>",
    "[click](https://evil.example) **bold** ![x](https://evil.example/x.png)",
    "<script>alert(1)</script> <at>everyone</at>",
    "##vso[task.setvariable variable=x]y",
    "line\r\nline\u{2028}line\n- [x] done",
    "\u{202e}esrever \u{200b}\u{1b}[2J",
    "--> | table | <!-- ",
    "\"},{\"type\":\"Action.OpenUrl\",\"url\":\"https://evil.example\"}",
];

fn verdict(decision: Decision, text: &str) -> VerdictRecord {
    VerdictRecord {
        service: text.into(),
        environment: text.into(),
        profile: Profile::Deployment,
        decision,
        enforcement: Enforcement::Enforce,
        reason: text.into(),
        criterion: Some(text.into()),
        release: Release { run: Some(9), version: text.into(), commit: text.into() },
        judged_in: Some(9),
        started_at: None,
        onset: "2026-01-01T00:05:00Z".parse().ok(),
        decided_at: "2026-01-01T00:10:00Z".parse().ok(),
        policy_sha256: String::new(),
        pre_existing: Vec::new(),
    }
}

fn announcement(text: &str) -> Announcement {
    let url = "https://dev.azure.com/o/p/_build/results?buildId=9".parse().unwrap();
    Announcement::of_verdict(&verdict(Decision::Rollback, text), None).unwrap().with_link(text, &url)
}

/// Every object of a JSON document.
fn objects(value: &Value) -> Vec<&serde_json::Map<String, Value>> {
    match value {
        Value::Object(object) => {
            let mut all = vec![object];
            all.extend(object.values().flat_map(objects));
            all
        }
        Value::Array(list) => list.iter().flat_map(objects).collect(),
        _ => Vec::new(),
    }
}

fn text_of<'v>(object: &'v serde_json::Map<String, Value>, key: &str) -> Option<&'v str> {
    object.get(key).and_then(Value::as_str)
}

#[test]
fn nothing_is_told_of_a_release_that_proceeds() {
    assert_eq!(Announcement::of_verdict(&verdict(Decision::Proceed, "x"), None), None);
    let hold = Announcement::of_verdict(&verdict(Decision::Hold, "x"), None).unwrap();
    assert_eq!((hold.event(), hold.title().as_str()), (Event::Hold, "Hold: x in x"));
}

#[test]
fn a_card_of_teams_carries_outside_text_in_runs_alone() {
    for text in HOSTILE {
        let message = teams(&announcement(text));
        for object in objects(&message) {
            let kind = text_of(object, "type");
            assert_ne!(kind, Some("TextBlock"), "a TextBlock reads Markdown");
            if let Some(text) = text_of(object, "text") {
                assert_eq!(kind, Some("TextRun"), "{text}");
                assert!(!text.chars().any(char::is_control), "{text:?}");
            }
            if let Some(url) = text_of(object, "url") {
                assert!(url.starts_with("https://dev.azure.com/"), "{url}");
            }
        }
    }
}

#[test]
fn a_message_of_slack_keeps_to_the_limits_and_mentions_nobody() {
    let long = "x".repeat(100_000);
    for text in HOSTILE.into_iter().chain([long.as_str()]) {
        let message = slack(&announcement(text));
        assert!(!text_of(message.as_object().unwrap(), "text").unwrap().contains(['<', '>']));
        let blocks = message.get("blocks").and_then(Value::as_array).unwrap();
        assert!(blocks.len() <= 50);
        for object in objects(&Value::Array(blocks.clone())) {
            assert_ne!(text_of(object, "type"), Some("mrkdwn"));
            let length = |most: usize| {
                let text = object.get("text").and_then(|text| text.get("text")).and_then(Value::as_str);
                assert!(
                    text.is_none_or(|text| text.chars().count() <= most && !text.is_empty()),
                    "{object:?}"
                );
            };
            match text_of(object, "type") {
                Some("header") => length(150),
                Some("section") => length(3000),
                Some("button") => length(75),
                _ => {}
            }
            if let Some(fields) = object.get("fields").and_then(Value::as_array) {
                assert!(fields.len() <= 10);
                let short =
                    |field: &Value| field["text"].as_str().is_some_and(|text| text.chars().count() <= 2000);
                assert!(fields.iter().all(short));
            }
        }
    }
}

#[test]
fn messages_are_bounded_whatever_they_carry() {
    let announcement = announcement(&"<&🎉".repeat(50_000));
    for message in [teams(&announcement), slack(&announcement)] {
        assert!(message.to_string().len() < 28 * 1024, "{}", message.to_string().len());
    }
    assert!(comment(&announcement, "run-9").len() < 150_000);
}

#[test]
fn a_comment_is_found_again_by_its_first_line_and_shows_text_as_text() {
    let first = |text: &str, key: &str| comment(&announcement(text), key).lines().next().unwrap().to_owned();
    assert_eq!(first("production", "run-9"), "<!-- runbook-gate production rollback run-9 -->");
    for text in HOSTILE {
        let marker = first(text, text);
        assert_eq!((marker.matches("-->").count(), marker.matches("<!--").count()), (1, 1), "{marker}");
        let comment = comment(&announcement(text), "run-9");
        let body = comment.split_once('\n').unwrap().1;
        let events: Vec<_> = pulldown_cmark::Parser::new_ext(body, pulldown_cmark::Options::all()).collect();
        for event in events {
            use pulldown_cmark::{Event, Tag};
            match event {
                Event::Html(_)
                | Event::InlineHtml(_)
                | Event::Start(Tag::Image { .. } | Tag::Table(_))
                | Event::TaskListMarker(_) => {
                    panic!("{text:?} became {event:?}")
                }
                Event::Start(Tag::Link { dest_url, .. }) => {
                    assert!(dest_url.starts_with("https://dev.azure.com/"))
                }
                _ => {}
            }
        }
    }
}

#[test]
fn only_addresses_of_the_web_are_linked() {
    let announcement = Announcement::of_verdict(&verdict(Decision::Hold, "x"), None).unwrap();
    let linked = announcement.clone().with_link("x", &"javascript:alert(1)".parse().unwrap());
    assert_eq!(linked, announcement);
}
