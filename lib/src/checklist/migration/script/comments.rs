//! Comments of SQL, where nobody knows whose SQL it is.
//!
//! Databases read quotes differently: a backslash may escape, a string may span lines, `$$` may quote. So a text is read in every
//! way that could make a difference, and only what is a comment in all of them counts as one: what may be a statement is seen.

/// What some databases do, and others do not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Habit {
    /// `\'` does not end a string (MySQL, PostgreSQL's `E''`).
    Backslash,
    /// A string ends with its line at the latest: a lone apostrophe in words that are no SQL.
    StringsEndWithLines,
    /// `$tag$` quotes (PostgreSQL). In it is code again, whose comments end with it at the latest.
    Dollars,
    /// `/* /* */ */` is one comment (PostgreSQL, SQL Server).
    Nesting,
    /// `--` begins a comment only before a space (MySQL), but on a line of its own.
    DashesNeedSpace,
}

/// Small letters, with comments blanked out and every line where it was.
pub(super) fn without_comments(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut certain = vec![true; bytes.len()];
    let habits = habits_that_matter(text);
    for chosen in 0..1_usize << habits.len() {
        let habits = habits.iter().enumerate().filter(|(at, _)| chosen & (1 << at) != 0);
        let habits: Vec<Habit> = habits.map(|(_, habit)| *habit).collect();
        for (certain, comment) in certain.iter_mut().zip(comments(bytes, &habits)) {
            *certain &= comment;
        }
    }
    // Comments begin and end at ASCII characters: no other character is cut.
    let kept = bytes.iter().zip(certain).map(|(byte, comment)| match byte {
        byte if comment && *byte != b'\n' => b' ',
        byte => byte.to_ascii_lowercase(),
    });
    String::from_utf8_lossy(&kept.collect::<Vec<u8>>()).into_owned()
}

/// Only what a text has can be read in two ways.
fn habits_that_matter(text: &str) -> Vec<Habit> {
    let quotes = text.contains(['\'', '"', '`']);
    let tight = text.split("--").skip(1).any(|after| !after.starts_with(char::is_whitespace));
    [
        (Habit::Backslash, quotes && text.contains('\\')),
        (Habit::StringsEndWithLines, quotes),
        (Habit::Dollars, text.contains('$')),
        (Habit::Nesting, text.matches("/*").nth(1).is_some()),
        (Habit::DashesNeedSpace, tight),
    ]
    .into_iter()
    .filter_map(|(habit, matters)| matters.then_some(habit))
    .collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Code,
    String(u8),
    LineComment,
    /// So many blocks deep.
    BlockComment(usize),
}

/// Which bytes are comments for somebody of these habits.
fn comments(bytes: &[u8], habits: &[Habit]) -> Vec<bool> {
    let has = |habit: Habit| habits.contains(&habit);
    let mut found = vec![false; bytes.len()];
    let mut inside = Inside::Code;
    let mut dollars: Option<&[u8]> = None;
    let mut at = 0;
    while let Some((&byte, _)) = bytes.get(at..).and_then(<[u8]>::split_first) {
        let rest = bytes.get(at..).unwrap_or_default();
        if let Some(tag) = dollars.filter(|tag| rest.starts_with(tag)) {
            (inside, dollars) = (Inside::Code, None);
            at += tag.len();
            continue;
        }
        // How far this step goes, and whether that is comment.
        let (step, comment) = match inside {
            Inside::Code if rest.starts_with(b"--") && begins_comment(bytes, at, habits) => {
                inside = Inside::LineComment;
                (2, true)
            }
            // MySQL and MariaDB run what is in such a comment.
            Inside::Code if rest.starts_with(b"/*!") || rest.starts_with(b"/*M!") => {
                let mark = if rest.starts_with(b"/*!") { 3 } else { 4 };
                (mark + rest.iter().skip(mark).take_while(|byte| byte.is_ascii_digit()).count(), true)
            }
            Inside::Code if rest.starts_with(b"/*") => {
                inside = Inside::BlockComment(1);
                (2, true)
            }
            Inside::Code => {
                if matches!(byte, b'\'' | b'"' | b'`') {
                    inside = Inside::String(byte);
                }
                let tag =
                    Some(rest).filter(|_| dollars.is_none() && has(Habit::Dollars)).and_then(dollar_tag);
                dollars = dollars.or(tag);
                (tag.map_or(1, <[u8]>::len), false)
            }
            Inside::String(_) if byte == b'\\' && has(Habit::Backslash) => (2, false),
            Inside::String(quote) => {
                if byte == quote || byte == b'\n' && has(Habit::StringsEndWithLines) {
                    inside = Inside::Code;
                }
                (1, false)
            }
            Inside::LineComment => {
                if byte == b'\n' {
                    inside = Inside::Code;
                }
                (1, true)
            }
            Inside::BlockComment(depth) if rest.starts_with(b"*/") => {
                inside = if depth > 1 { Inside::BlockComment(depth - 1) } else { Inside::Code };
                (2, true)
            }
            Inside::BlockComment(depth) if rest.starts_with(b"/*") && has(Habit::Nesting) => {
                inside = Inside::BlockComment(depth + 1);
                (2, true)
            }
            Inside::BlockComment(_) => (1, true),
        };
        found.iter_mut().skip(at).take(step).for_each(|found| *found = comment);
        at += step;
    }
    found
}

/// Whether the `--` there begins a comment.
fn begins_comment(bytes: &[u8], at: usize, habits: &[Habit]) -> bool {
    let spaced = bytes.get(at + 2).is_none_or(u8::is_ascii_whitespace);
    let before = bytes.get(..at).unwrap_or_default();
    spaced
        || !habits.contains(&Habit::DashesNeedSpace)
        || before.iter().rev().take_while(|byte| **byte != b'\n').all(u8::is_ascii_whitespace)
}

/// The `$tag$` that a text begins with.
fn dollar_tag(text: &[u8]) -> Option<&[u8]> {
    let name = text.strip_prefix(b"$")?;
    let end = name.iter().position(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_'))?;
    (name.get(end) == Some(&b'$')).then(|| text.get(..end + 2)).flatten()
}
