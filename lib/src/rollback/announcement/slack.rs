//! Slack: blocks of an incoming webhook.
//!
//! Outside text stands in `plain_text` objects, which are never read as markup or mentions. Limits, by Slack's reference
//! of Block Kit: 50 blocks; 150 characters of a header; 3,000 of a section; 10 fields of 2,000 each; 75 of a button.

use serde_json::{Value, json};

use super::Announcement;
use crate::rollback::shortened;

/// The longest header, in characters.
const HEADER: usize = 150;

/// The body of a request to an incoming webhook.
#[must_use]
pub fn slack(announcement: &Announcement) -> Value {
    let title = format!("{} {}", announcement.event.sign(), announcement.title());
    let mut blocks = vec![
        json!({ "type": "header", "text": plain(&shortened(&title, HEADER - 1)) }),
        json!({ "type": "section", "text": plain(&announcement.reason) }),
    ];
    let fields: Vec<Value> =
        announcement.facts.iter().map(|fact| plain(&format!("{}: {}", fact.name, fact.value()))).collect();
    if !fields.is_empty() {
        blocks.push(json!({ "type": "section", "fields": fields }));
    }
    blocks.push(json!({ "type": "section", "text": plain(&announcement.asks) }));
    let buttons: Vec<Value> = announcement
        .links
        .iter()
        .enumerate()
        .map(|(index, (title, url))| {
            json!({
                "type": "button",
                "action_id": format!("link-{index}"),
                "text": plain(title),
                "url": url.as_str(),
            })
        })
        .collect();
    if !buttons.is_empty() {
        blocks.push(json!({ "type": "actions", "elements": buttons }));
    }
    // The text is what a notification shows, and is read as markup.
    let text = format!("{}. {}", announcement.title(), announcement.reason);
    json!({ "text": escaped(&text), "blocks": blocks })
}

fn plain(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text, "emoji": false })
}

/// The three characters that Slack's markup is made of.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
