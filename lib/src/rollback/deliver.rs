//! Messages on their way to webhooks, and what those answer.

use crate::Duration;
use crate::rollback::channel::{Channel, Webhook};
use crate::rollback::{Announcement, slack, teams};
use crate::transport::{Address, Body, Method, Redirects, Request, Retry, Transport};

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It was taken.
    Taken,
    /// It was not; why, and what to do, one sentence.
    NotTaken(String),
}

/// Sends a message to webhooks, side by side, each with so much time. What is refused for now is sent again within it: a message
/// that comes twice is better than none.
///
/// Gives what became of each, in the order of the channels.
pub(super) fn deliver(
    channels: &[&Channel],
    announcement: &Announcement,
    transport: &dyn Transport,
    timeout: Duration,
) -> Vec<Delivery> {
    let requests: Vec<Request> = channels
        .iter()
        .map(|channel| {
            let message = match channel.kind() {
                Webhook::Teams => teams(announcement),
                Webhook::Slack => slack(announcement),
            };
            Request {
                method: Method::Post,
                body: Some(Body {
                    content_type: "application/json",
                    bytes: message.to_string().into_bytes(),
                }),
                max_bytes: 64 * 1024,
                retry: Retry::WithinTimeout,
                redirects: Redirects::AsAnswer,
                ..Request::get(Address::Webhook(channel.address().clone()), String::new(), timeout)
            }
        })
        .collect();
    let mut answers = transport.send_all(&requests).into_iter();
    requests
        .iter()
        .map(|_| match answers.next() {
            Some(Ok(answer)) if (200..300).contains(&answer.status) => Delivery::Taken,
            Some(Ok(answer)) => Delivery::NotTaken(refused(answer.status)),
            Some(Err(error)) => Delivery::NotTaken(error.to_string()),
            None => Delivery::NotTaken("it was not sent".to_owned()),
        })
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
    use crate::rollback::Notice;
    use crate::rollback::announcement::Event;
    use crate::rollback::channel::channels;
    use crate::transport::{Response, TransportError};

    /// Answers by the webhook's address.
    struct Hooks(Mutex<Vec<String>>);

    impl Transport for Hooks {
        fn send(&self, request: &Request) -> Result<Response, TransportError> {
            let Address::Webhook(address) = &request.address else { panic!("{:?}", request.address) };
            assert_eq!((request.method, request.redirects), (Method::Post, Redirects::AsAnswer));
            let body = String::from_utf8(request.body.clone().unwrap().bytes).unwrap();
            self.0.lock().unwrap().push(body);
            match address.reveal().parse() {
                Ok(status) => Ok(Response::new(status, "", "canary")),
                Err(_) => Err(TransportError::Timeout { host: "hooks".into(), after: request.timeout }),
            }
        }
    }

    #[test]
    fn each_webhook_is_asked_in_its_own_form_and_its_answer_is_said() {
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
        let channels = channels(&notices);
        let channels: Vec<&Channel> = channels.iter().collect();
        let sent = deliver(&channels, &announcement, &hooks, Duration::from_secs(6));
        let words: Vec<String> = channels
            .iter()
            .zip(sent)
            .map(|(channel, delivery)| match delivery {
                Delivery::Taken => format!("{}: taken", channel.name()),
                Delivery::NotTaken(why) => format!("{}: {why}", channel.name()),
            })
            .collect();
        assert_eq!(
            words,
            [
                "Teams: taken",
                "Slack: taken",
                "Slack (2): status 404: there is no such webhook any more: make a new one and replace the secret",
                "Teams (2): status 429: it takes no more messages for now",
                "Teams (3): no answer from hooks within 6s",
            ]
        );
        let bodies = hooks.0.lock().unwrap();
        assert_eq!(bodies.len(), 5);
        assert!(bodies[0].contains("AdaptiveCard") && bodies[1].contains("plain_text"));
    }
}
