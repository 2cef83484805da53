use serde_json::Value;

use super::*;
use crate::Timestamp;
use crate::gate::Decision;
use crate::policy::Enforcement;
use crate::rollback::{Profile, Release, SummaryOfDoubt};

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
        images: None,
    }
}

fn announcement(text: &str) -> Announcement {
    let url = "https://dev.azure.com/o/p/_build/results?buildId=9".parse().unwrap();
    Announcement::of_verdict(&verdict(Decision::Rollback, text)).unwrap().with_link(text, &url)
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
    assert_eq!(Announcement::of_verdict(&verdict(Decision::Proceed, "x")), None);
    let hold = Announcement::of_verdict(&verdict(Decision::Hold, "x")).unwrap();
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
    assert!(comment(&announcement, 9).len() < 150_000);
}

#[test]
fn a_comment_is_found_again_by_its_first_line_and_shows_text_as_text() {
    let first = |text: &str| comment(&announcement(text), 9).lines().next().unwrap().to_owned();
    assert_eq!(first("production"), "<!-- runbook-gate production rollback run-9 -->");
    for text in HOSTILE {
        let marker = first(text);
        assert_eq!((marker.matches("-->").count(), marker.matches("<!--").count()), (1, 1), "{marker}");
        let comment = comment(&announcement(text), 9);
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
fn no_text_of_a_message_is_empty() {
    let url = "https://dev.azure.com/o/p/_build/results?buildId=9".parse().unwrap();
    for text in ["", " ", "\u{200b}", "\n"] {
        let announcement =
            Announcement::of_verdict(&verdict(Decision::Hold, text)).unwrap().with_link(text, &url);
        for message in [teams(&announcement), slack(&announcement)] {
            for object in objects(&message) {
                assert!(text_of(object, "text").is_none_or(|text| !text.trim().is_empty()), "{object:?}");
            }
        }
    }
}

#[test]
fn only_addresses_of_the_web_are_linked() {
    let announcement = Announcement::of_verdict(&verdict(Decision::Hold, "x")).unwrap();
    let linked = announcement.clone().with_link("x", &"javascript:alert(1)".parse().unwrap());
    assert_eq!(linked, announcement);
}

#[test]
fn a_plan_tells_what_is_gone_back_to_or_what_a_person_has_to_decide() {
    let doubt =
        |what: &str| SummaryOfDoubt { what: what.into(), who: "an administrator".into(), how: "look".into() };
    let plan = PlanSummary {
        service: "orders-api".into(),
        environment: "production".into(),
        reason: "Go back to 1.4.0 from 1.5.0".into(),
        current: "1.5.0".into(),
        target: Some(Release { run: Some(8), version: "1.4.0".into(), commit: String::new() }),
        safety: Safety::Proved,
        doubts: Vec::new(),
    };
    let safe = Announcement::of_plan(&plan);
    assert_eq!(safe.title(), "Going back: orders-api in production");
    assert_eq!(safe.facts()[1], Fact::new("Back to", "1.4.0 (run 8)"));
    let doubtful = PlanSummary {
        safety: Safety::NotProved,
        doubts: ["a", "b", "c", "d", "e"].map(doubt).into(),
        ..plan
    };
    let waiting = Announcement::of_plan(&doubtful);
    assert_eq!(waiting.event(), Event::Waiting);
    assert_eq!(waiting.facts()[2].value(), "a; an administrator: look");
    assert_eq!(waiting.facts().last().unwrap().value(), "and 2 more");
    assert!(waiting.asks.contains("go back all the same"), "{}", waiting.asks);
    let nothing = Announcement::of_plan(&PlanSummary::missing("orders-api", "production", "it is gone"));
    assert_eq!(nothing.event(), Event::Waiting);
    assert!(nothing.asks.contains("nothing proved to go back to"), "{}", nothing.asks);
}

#[test]
fn who_is_asked_to_act_at_a_desk_is_told_of_no_job() {
    let of = |judged_in| {
        let verdict = VerdictRecord { judged_in, ..verdict(Decision::Rollback, "x") };
        Announcement::of_verdict(&verdict).unwrap().text()
    };
    assert!(of(None).contains("Roll the release back now") && !of(None).contains("job"), "{}", of(None));
    assert!(of(Some(9)).contains("See that the release is rolled back"), "{}", of(Some(9)));
}

#[test]
fn times_are_told_in_whole_seconds() {
    let at = |nanos: i64| Some(Timestamp::from_nanos(nanos));
    let times = Times {
        onset: at(1_111_111_111),
        decided: at(303_222_222_222),
        recovered: at(903_333_333_333),
        ..Times::default()
    };
    let verdict = VerdictRecord {
        onset: at(1_111_111_111),
        decided_at: at(303_222_222_222),
        ..verdict(Decision::Hold, "x")
    };
    let told = Announcement::of_verdict(&verdict).unwrap().with_times(&times);
    for (fact, value) in
        [("Since", "1970-01-01T00:00:01Z"), ("Time to detect", "5m2s"), ("Time to restore", "15m2s")]
    {
        let told = told.facts().iter().find(|told| told.name == fact).map(Fact::value);
        assert!(
            told.is_some_and(|told| told.replace(' ', "T").contains(value.trim_end_matches('Z'))),
            "{fact}: {told:?}"
        );
    }
}
