//! What a query is made of.

/// A piece of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A name or a word.
    Name(String),
    /// A text.
    Text,
    /// A number, a length of time or a moment.
    Number,
    /// `=`, which gives a name.
    Assign,
    /// `==`, `!=`, `>=` and their like.
    Compare,
    /// A bracket, a comma, `|` or another sign.
    Sign(char),
}

/// Takes a query to pieces.
///
/// # Errors
/// A quote or bracket that is not closed, a variable that was not expanded.
pub fn tokens(query: &str) -> Result<Vec<Token>, String> {
    let chars: Vec<char> = query.chars().collect();
    let mut found = Vec::new();
    let mut open: Vec<char> = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let run = |test: fn(char) -> bool| chars[at..].iter().take_while(|c| test(**c)).count();
        let literal: Vec<char> = "datetime(".chars().collect();
        at += match c {
            c if c.is_whitespace() => 1,
            '@' if matches!(chars.get(at + 1), Some('"' | '\'')) => {
                found.push(Token::Text);
                1 + text(&chars[at + 1..], None)?
            }
            '"' | '\'' => {
                found.push(Token::Text);
                text(&chars[at..], Some('\\'))?
            }
            // A moment holds what is no name.
            'd' if chars[at..].starts_with(&literal) => {
                found.push(Token::Number);
                chars[at..].iter().position(|c| *c == ')').ok_or("a time is not closed")? + 1
            }
            c if c.is_ascii_digit() => {
                found.push(Token::Number);
                run(|c| c.is_ascii_alphanumeric() || c == '.')
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                let length = run(|c| c.is_ascii_alphanumeric() || c == '_');
                found.push(Token::Name(chars[at..at + length].iter().collect()));
                length
            }
            '=' | '<' | '>' | '!' => {
                let length = run(|c| matches!(c, '=' | '<' | '>' | '!' | '~'));
                found.push(if (length, c) == (1, '=') { Token::Assign } else { Token::Compare });
                length
            }
            '$' => return Err("a variable was not expanded".to_owned()),
            c => {
                match c {
                    '(' => open.push(')'),
                    '[' => open.push(']'),
                    ')' | ']' if open.pop() != Some(c) => {
                        return Err("a bracket is closed that is not open".to_owned());
                    }
                    _ => {}
                }
                found.push(Token::Sign(c));
                1
            }
        };
    }
    if open.is_empty() { Ok(found) } else { Err("a bracket is not closed".to_owned()) }
}

/// The length of a text with its quotes; a verbatim one knows no escapes.
fn text(chars: &[char], escape: Option<char>) -> Result<usize, String> {
    let quote = chars.first();
    let mut at = 1;
    while let Some(c) = chars.get(at) {
        if Some(c) == quote {
            return Ok(at + 1);
        }
        at += if Some(*c) == escape { 2 } else { 1 };
    }
    Err("a text is not closed".to_owned())
}
