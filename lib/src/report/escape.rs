//! The doors of the reports: outside text into a terminal, into Markdown, into XML.
//!
//! Every text that this library did not write itself, be it a reason, a name or a server's error, goes through the door of
//! its output. Each door keeps what people read and takes away what machines obey.

pub use crate::steering::{disarmed, one_line, steers, weightless};

/// The longest outside text that a report shows, in characters; longer ones end in `…`.
pub const LONGEST: usize = 1000;

/// The longest address that becomes a link, in bytes; a longer one is shown as text, and not even read.
pub const LONGEST_ADDRESS: usize = 1000;

/// For a terminal and a pipeline's log: one line, no escapes, nothing that turns the direction of text, and no `##` that
/// could begin a command to a pipeline's agent.
///
/// ```
/// use runbook_gate::report::escape;
/// assert_eq!(escape::terminal("a\x1b[2Jb\r\n##vso[x]"), "a\u{fffd}[2Jb # #vso[x]");
/// ```
#[must_use]
pub fn terminal(text: &str) -> String {
    disarmed(&calmed(text).collect::<String>(), " #")
}

/// For Markdown, inside a paragraph or a table's cell: every character that means something to a renderer becomes an
/// entity, and addresses do not turn into links.
///
/// ```
/// use runbook_gate::report::escape;
/// assert_eq!(escape::markdown("a|b <b> *c* d_e"), "a&#124;b &#60;b&#62; &#42;c&#42; d_e");
/// ```
#[must_use]
pub fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(4 * LONGEST));
    let mut characters = calmed(text).peekable();
    let mut before = [' '; 3];
    // Nothing but blanks and digits so far: where a list, a rule or a definition could begin.
    let mut beginning = true;
    while let Some(character) = characters.next() {
        let last = before[2];
        let next = characters.peek().copied().unwrap_or(' ');
        // Some renderers look for addresses after they have read the entities; to some, `//host` is one.
        if (character == '/' && matches!(last, ':' | '/'))
            || (character == '.' && before.map(|c| c.to_ascii_lowercase()) == ['w'; 3])
        {
            out.push('\u{200b}');
        }
        let plain = match character {
            '_' => last.is_ascii_alphanumeric() && next.is_ascii_alphanumeric(),
            // `:tick:` is a picture; `00:03` and `error: refused` are none.
            '-' | ':' | '=' | '.' | ')' if beginning => next.is_ascii_digit(),
            ':' => next == ' ' || (last.is_ascii_digit() && next.is_ascii_digit()),
            ' '..='~' => character.is_ascii_alphanumeric() || " %,./;-?()'\"=".contains(character),
            _ => true,
        };
        if plain {
            out.push(character);
        } else {
            out.push_str("&#");
            out.push_str(&u32::from(character).to_string());
            out.push(';');
        }
        before = [before[1], before[2], character];
        beginning = beginning && (character == ' ' || character.is_ascii_digit());
    }
    out
}

/// For Markdown, a name or a criterion: in a code span where it is as plain as they are, else as [`markdown`].
///
/// ```
/// use runbook_gate::report::escape;
/// assert_eq!(escape::code("error_rate > 5% for 5m"), "`error_rate > 5% for 5m`");
/// assert_eq!(escape::code("## Rollback"), "`## Rollback`");
/// assert_eq!(escape::code("a`b"), "a&#96;b");
/// ```
#[must_use]
pub fn code(text: &str) -> String {
    let plain =
        |character: char| character.is_ascii_alphanumeric() || " _-+.,%/:=<>!()'\"#".contains(character);
    let address = text.contains("://") || text.to_ascii_lowercase().contains("www.");
    let fits = text.len() <= LONGEST && !text.is_empty() && text.trim() == text && !text.contains("  ");
    let command = disarmed(text, "") != text;
    if fits && !address && !command && text.chars().all(plain) { format!("`{text}`") } else { markdown(text) }
}

/// For Markdown, sentences of this library: what stands in backticks there is [`code`], the rest is as [`markdown`].
///
/// ```
/// use runbook_gate::report::escape;
/// assert_eq!(escape::prose("`a > 1` is *unknown*"), "`a > 1` is &#42;unknown&#42;");
/// assert_eq!(escape::prose("a ` b"), "a &#96; b");
/// ```
#[must_use]
pub fn prose(text: &str) -> String {
    let text: String = calmed(text).collect();
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return markdown(&text);
    }
    let each = |(index, part): (usize, &&str)| {
        if index.is_multiple_of(2) { markdown(part) } else { code(part) }
    };
    parts.iter().enumerate().map(each).collect()
}

/// For XML, as text or inside an attribute's quotes; what XML forbids becomes U+FFFD.
///
/// ```
/// use runbook_gate::report::escape;
/// assert_eq!(escape::xml("a<b & \"c\"\0"), "a&lt;b &amp; &quot;c&quot;\u{fffd}");
/// ```
#[must_use]
pub fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(4 * LONGEST));
    let mut after_hash = false;
    for character in calmed(text) {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '#' if after_hash => out.push_str("&#35;"),
            _ => out.push(character),
        }
        // What a comparison passes over does not stand between.
        after_hash = character == '#' || (after_hash && weightless(character));
    }
    out
}

/// A text in one line, at most [`LONGEST`] characters of it, with a mark in place of every character that steers.
fn calmed(text: &str) -> impl Iterator<Item = char> + '_ {
    let mut characters = text.chars();
    let mut shown = 0;
    let mut after_space = false;
    std::iter::from_fn(move || {
        loop {
            if shown > LONGEST {
                return None;
            }
            let character = characters.next()?;
            let space = character.is_whitespace();
            if space && after_space {
                continue;
            }
            after_space = space;
            shown += 1;
            return Some(match character {
                _ if shown > LONGEST => '…',
                _ if space => ' ',
                _ if steers(character) => '\u{fffd}',
                _ => character,
            });
        }
    })
}
