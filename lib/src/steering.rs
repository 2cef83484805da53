//! Characters that steer what shows a text instead of standing in it.

/// Whether a character is a control character, a separator of lines, a mark that turns the direction of text, or takes no
/// room: what an outside text could use to hide or to forge something. All are below U+10000, except the tag characters.
///
/// ```
/// use runbook_gate::report::escape::steers;
/// assert!(steers('\u{2028}') && steers('\x1b') && !steers('ß'));
/// ```
#[must_use]
pub fn steers(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
            | '\u{e0000}'..='\u{e007f}')
}

/// Whether a comparison by the rules of a language passes over a character: a variation of the one before, a joiner, a filler. The
/// agent of Azure Pipelines looks for its commands that way.
///
/// ```
/// use runbook_gate::report::escape::weightless;
/// assert!(weightless('\u{fe0f}') && weightless('\u{ad}') && !weightless('#'));
/// ```
#[must_use]
pub fn weightless(character: char) -> bool {
    steers(character)
        || matches!(character,
            '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0080}'..='\u{e0fff}')
}

/// A text from outside on one line of at most so many characters: what [`steers`] becomes a space, runs of spaces become one, and
/// what was cut ends in `…`.
///
/// ```
/// use runbook_gate::report::escape::one_line;
/// assert_eq!(one_line(" a\r\n\u{202e}b ", 10), "a b");
/// assert_eq!(one_line("abcdef", 4), "abc…");
/// ```
#[must_use]
pub fn one_line(text: &str, most: usize) -> String {
    let mut result = String::new();
    let mut kept = 0;
    let mut gap = false;
    for c in text.chars() {
        if c.is_whitespace() || steers(c) {
            gap = kept > 0;
            continue;
        }
        if kept + usize::from(gap) + 1 >= most {
            result.push('…');
            break;
        }
        if gap {
            result.push(' ');
            kept += 1;
            gap = false;
        }
        result.push(c);
        kept += 1;
    }
    result
}

/// Breaks each `##` that could begin a command to the agent of a pipeline (`##vso[`, `##[`): its second `#` becomes
/// `instead`. One before a space, as of a heading, is none and stays; at the end of the text it is broken, because
/// more may follow.
///
/// ```
/// use runbook_gate::report::escape::disarmed;
/// assert_eq!(disarmed("## Rollback ##vso[x]", " #"), "## Rollback # #vso[x]");
/// ```
#[must_use]
pub fn disarmed(text: &str, instead: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut after_hash = false;
    for (at, character) in text.char_indices() {
        if after_hash && character == '#' && may_begin(text.get(at + 1..).unwrap_or("")) {
            whole.push_str(instead);
        } else {
            whole.push(character);
        }
        // What a comparison passes over does not stand between.
        after_hash = character == '#' || (after_hash && weightless(character) && character != '\n');
    }
    whole
}

/// Whether `##` before this text may be a command. Of more than two, the last two are.
fn may_begin(rest: &str) -> bool {
    let next = rest.trim_start_matches(|c| weightless(c) && c != '\n').chars().next();
    next.is_none_or(|next| next != '#' && !next.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_a_command_is_broken_and_headings_stay() {
        for text in ["## Rollback", "a `## Rollback` b", "### x", "##\n", "####\n", "# #"] {
            assert_eq!(disarmed(text, " #"), text);
        }
        for (text, broken) in [
            ("##vso[x]", "# #vso[x]"),
            ("###VSO[x]", "## #VSO[x]"),
            ("##[error]", "# #[error]"),
            ("#\u{fe0f}#\u{fe0f}vso[x]", "#\u{fe0f} #\u{fe0f}vso[x]"),
            ("##\u{fe0f} x", "##\u{fe0f} x"),
            ("##", "# #"),
        ] {
            assert_eq!(disarmed(text, " #"), broken, "{text}");
        }
    }

    #[test]
    fn letters_of_all_scripts_and_pictures_stand() {
        assert!("aß→日本語עברית العربية 🎉▁█ é…".chars().all(|character| !steers(character)));
        assert!("\u{1b}\r\n\0\u{9b}\u{202e}\u{2066}\u{200b}\u{2028}\u{feff}\u{e0041}".chars().all(steers));
    }
}
