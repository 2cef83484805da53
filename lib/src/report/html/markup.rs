//! The door of HTML: text becomes markup here and nowhere else.

use std::fmt::{self, Display, Write};

use askama::Template;
use askama::filters::Escaper;
use url::Url;

use crate::Timestamp;
use crate::report::{escape, numbers};

/// The escaper of every template: one line, bounded, calmed, and nothing in it is markup.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Door;

impl Escaper for Door {
    fn write_escaped_str<W: Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        dest.write_str(&escape::xml(text))
    }
}

/// HTML that was made here: the only thing that a template takes as it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Markup(String);

impl Markup {
    /// A text.
    pub(super) fn text(text: &str) -> Self {
        Self(escape::xml(text))
    }

    /// Sentences of this library: what stands in backticks there is code.
    pub(super) fn prose(text: &str) -> Self {
        let escaped = escape::xml(text);
        let parts: Vec<&str> = escaped.split('`').collect();
        if parts.len().is_multiple_of(2) {
            return Self(escaped);
        }
        let each = |(index, part): (usize, &&str)| match (index.is_multiple_of(2), part.is_empty()) {
            (true, _) => (*part).to_owned(),
            (false, true) => "``".to_owned(),
            (false, false) => format!("<code>{part}</code>"),
        };
        Self(parts.iter().enumerate().map(each).collect())
    }

    /// A name, a criterion, a command.
    pub(super) fn code(text: &str) -> Self {
        if text.trim().is_empty() {
            Self::default()
        } else {
            Self(format!("<code>{}</code>", escape::xml(text)))
        }
    }

    /// A moment: the date and the time in UTC. Whoever shows the page may put the reader's own time beside it.
    pub(super) fn moment(at: Timestamp) -> Self {
        Self(format!("<time datetime=\"{at}\">{}</time>", numbers::moment(at)))
    }

    /// The time of day in UTC.
    pub(super) fn clock(at: Timestamp) -> Self {
        Self(format!("<time datetime=\"{at}\">{}</time>", numbers::clock(at)))
    }

    /// A link, where the address is one of the web; otherwise the text as it is.
    pub(super) fn link(address: &str, text: &str) -> Self {
        // Whatever is longer than any address is not even read.
        let short = Some(address).filter(|address| address.len() <= escape::LONGEST_ADDRESS);
        let web = short.and_then(|address| Url::parse(address).ok()).filter(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
        });
        match web {
            Some(url) => Self(format!(
                "<a href=\"{}\" target=\"_blank\" rel=\"noopener noreferrer\">{}</a>",
                escape::xml(url.as_str()),
                escape::xml(text)
            )),
            None => Self::text(text),
        }
    }

    /// SVG of this library's plots.
    pub(super) const fn svg(svg: String) -> Self {
        Self(svg)
    }

    /// A template, filled in.
    pub(super) fn of(template: &impl Template) -> Self {
        // Writing into a String cannot fail.
        Self(template.render().unwrap_or_default())
    }

    /// Both, one after the other.
    pub(super) fn then(mut self, other: &Self) -> Self {
        self.0.push_str(&other.0);
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }
}

impl Display for Markup {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_web_become_links() {
        let link = Markup::link("https://dev.azure.com/x?a=1&b=\"2\"", "here <b>").to_string();
        assert_eq!(
            link,
            "<a href=\"https://dev.azure.com/x?a=1&amp;b=%222%22\" target=\"_blank\" rel=\"noopener noreferrer\">here &lt;b&gt;</a>"
        );
        for address in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "//evil.example/x",
            "https://user:password@host/",
            "file:///etc/passwd",
            "vbscript:x",
            " https",
            "",
        ] {
            assert_eq!(Markup::link(address, "x").to_string(), "x", "{address}");
        }
    }

    #[test]
    fn backticks_of_sentences_are_code_and_others_stand() {
        assert_eq!(Markup::prose("`a < 1` holds").to_string(), "<code>a &lt; 1</code> holds");
        assert_eq!(Markup::prose("a ` b").to_string(), "a ` b");
        assert_eq!(Markup::prose("``").to_string(), "``");
    }
}
