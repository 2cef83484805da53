//! Messages on their way: a webhook is asked once, and what it answers is said.

use crate::Duration;
use crate::rollback::{Announcement, Notice, slack, teams};
use crate::transport::{Address, Body, Method, Redirects, Request, Retry, Transport};

/// The longest that one message may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It was taken.
    Taken,
    /// It was not; why, and what to do, one sentence.
    NotTaken(String),
}

/// Sends a message to webhooks, side by side; notices of other kinds are not for this. It is never sent twice: a message
/// that may have arrived must not come again.
///
/// Gives what became of each, in the order of the webhooks.
#[must_use]
pub fn deliver(
    notices: &[Notice],
    announcement: &Announcement,
    transport: &dyn Transport,
) -> Vec<(&'static str, Delivery)> {
    let mut names = Vec::new();
    let mut requests = Vec::new();
    for notice in notices {
        let (address, message) = match notice {
            Notice::PullRequest => continue,
            Notice::Teams(address) => (address, teams(announcement)),
            Notice::Slack(address) => (address, slack(announcement)),
        };
        names.push(notice.words());
        requests.push(Request {
            method: Method::Post,
            body: Some(Body { content_type: "application/json", bytes: message.to_string().into_bytes() }),
            max_bytes: 64 * 1024,
            retry: Retry::Never,
            redirects: Redirects::AsAnswer,
            ..Request::get(Address::Webhook(address.clone()), String::new(), TIMEOUT)
        });
    }
    let answers = transport.send_all(&requests);
    names
        .into_iter()
        .zip(answers.into_iter().map(|answer| match answer {
            Ok(answer) if (200..300).contains(&answer.status) => Delivery::Taken,
            Ok(answer) => Delivery::NotTaken(refused(answer.status)),
            Err(error) => Delivery::NotTaken(error.to_string()),
        }))
        .collect()
}

fn refused(status: u16) -> String {
    let what = match status {
        300..400 => "it redirects: give the webhook's final address",
        401 | 403 => "it does not let this caller in: make a new webhook and replace the secret",
        404 | 410 => "there is no such webhook any more: make a new one and replace the secret",
        413 => "the message is too large for it",
        429 => "it takes no more messages for now",
        400..500 => "it does not take the message",
        _ => "it failed",
    };
    format!("status {status}: {what}")
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::Secret;
    use crate::rollback::announcement::Event;
    use crate::transport::{Response, TransportError};

    /// Answers by the webhook's address.
    struct Hooks(Mutex<Vec<String>>);

    impl Transport for Hooks {
        fn send(&self, request: &Request) -> Result<Response, TransportError> {
            let Address::Webhook(address) = &request.address else { panic!("{:?}", request.address) };
            assert_eq!((request.method, request.retry), (Method::Post, Retry::Never));
            let body = String::from_utf8(request.body.clone().unwrap().bytes).unwrap();
            self.0.lock().unwrap().push(body);
            match address.reveal().parse() {
                Ok(status) => Ok(Response::new(status, "", "canary")),
                Err(_) => Err(TransportError::Timeout { host: "hooks".into(), after: request.timeout }),
            }
        }
    }

    #[test]
    fn each_webhook_is_asked_once_and_its_answer_is_said() {
        let announcement = Announcement::sample(Event::Rollback);
        let notices = [
            Notice::PullRequest,
            Notice::Teams(Secret::new("202")),
            Notice::Slack(Secret::new("200")),
            Notice::Slack(Secret::new("404")),
            Notice::Teams(Secret::new("429")),
            Notice::Teams(Secret::new("slow")),
        ];
        let hooks = Hooks(Mutex::default());
        let sent = deliver(&notices, &announcement, &hooks);
        let words: Vec<String> = sent
            .iter()
            .map(|(name, delivery)| match delivery {
                Delivery::Taken => format!("{name}: taken"),
                Delivery::NotTaken(why) => format!("{name}: {why}"),
            })
            .collect();
        assert_eq!(
            words,
            [
                "Teams: taken",
                "Slack: taken",
                "Slack: status 404: there is no such webhook any more: make a new one and replace the secret",
                "Teams: status 429: it takes no more messages for now",
                "Teams: no answer from hooks within 10s",
            ]
        );
        let bodies = hooks.0.lock().unwrap();
        assert_eq!(bodies.len(), 5);
        assert!(bodies[0].contains("AdaptiveCard") && bodies[1].contains("plain_text"));
    }
}
