//! Microsoft Teams: an Adaptive Card in the message that a workflow's webhook takes.
//!
//! Outside text stands in `TextRun`s, which are never read as Markdown. Schema:
//! <https://adaptivecards.io/schemas/adaptive-card.json>, version 1.4, which Teams shows everywhere.

use serde_json::{Value, json};

use super::Announcement;

/// The body of a request to a workflow's webhook.
///
/// The whole stays far below the 28 KB that Teams takes: every part is bounded.
#[must_use]
pub fn teams(announcement: &Announcement) -> Value {
    let mut body = vec![
        json!({
            "type": "RichTextBlock",
            "inlines": [run(&format!("{} {}", announcement.event.sign(), announcement.title()), &["Large", "Bolder"])],
        }),
        paragraph(&announcement.reason),
    ];
    let facts: Vec<Value> = announcement
        .facts
        .iter()
        .map(|fact| {
            json!({
                "type": "RichTextBlock",
                "spacing": "None",
                "inlines": [run(&format!("{}: ", fact.name), &["Default", "Bolder"]), run(fact.value(), &["Default", "Default"])],
            })
        })
        .collect();
    if !facts.is_empty() {
        body.push(json!({ "type": "Container", "items": facts }));
    }
    body.push(json!({
        "type": "RichTextBlock",
        "inlines": [run(&announcement.asks, &["Default", "Bolder"])],
    }));
    let actions: Vec<Value> = announcement
        .links
        .iter()
        .map(|(title, url)| json!({ "type": "Action.OpenUrl", "title": title, "url": url.as_str() }))
        .collect();
    let mut card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": format!("{}. {}", announcement.title(), announcement.reason),
        "body": body,
    });
    if let (Some(card), false) = (card.as_object_mut(), actions.is_empty()) {
        card.insert("actions".to_owned(), Value::Array(actions));
    }
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": card,
        }],
    })
}

fn paragraph(text: &str) -> Value {
    json!({ "type": "RichTextBlock", "inlines": [run(text, &["Default", "Default"])] })
}

fn run(text: &str, [size, weight]: &[&str; 2]) -> Value {
    json!({ "type": "TextRun", "text": text, "size": size, "weight": weight })
}
