//! Reads what a `/metrics` endpoint exposes: Prometheus' text format 0.0.4 and OpenMetrics 1.0.
//!
//! One malformed line makes the whole exposition unusable, as it does for a Prometheus server: half of it could be missing.
//! Tolerated are what servers tolerate: Windows line ends, spaces, comments of any kind. A last line without an end is not:
//! what is cut off there may read as a smaller number.
//!
//! Sources: <https://prometheus.io/docs/instrumenting/exposition_formats/>,
//! <https://prometheus.io/docs/specs/om/open_metrics_spec/>.

use std::borrow::Cow;

use crate::source::remark::bounded;

/// Which of the two formats is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Prometheus text: timestamps in milliseconds, ends with a line end.
    Text,
    /// OpenMetrics: timestamps in seconds, ends with `# EOF`.
    OpenMetrics,
}

/// One thing that an exposition says.
#[derive(Debug)]
pub(super) enum Item<'i> {
    /// A sample of a series, and the line that it stands in. NaN and infinities are as they came.
    Sample { name: &'i str, labels: &'i [(Cow<'i, str>, Cow<'i, str>)], value: f64, line: usize },
    /// `# TYPE name summary`.
    Summary { name: &'i str },
    /// A sample that is no number: a native histogram, which is not read.
    NotANumber,
}

/// What is wrong with an exposition, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub(super) struct ExpositionError {
    line: usize,
    what: String,
}

/// The longest line, in bytes.
const LONGEST_LINE: usize = 64 * 1024;

/// The most labels of one series.
const MOST_LABELS: usize = 128;

/// Reads an exposition and hands over what it says, in order.
pub(super) fn read(
    body: &[u8],
    dialect: Dialect,
    mut take: impl FnMut(Item<'_>),
) -> Result<(), ExpositionError> {
    let text = std::str::from_utf8(body).map_err(|error| {
        let line = body.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
        ExpositionError { line, what: "it is not UTF-8".to_owned() }
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut ended = false;
    let mut last = 0;
    for (index, line) in text.split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let fail = |what: String| ExpositionError { line: index + 1, what };
        last = index + 1;
        if line.len() > LONGEST_LINE {
            return Err(fail(format!("it has more than {LONGEST_LINE} bytes")));
        }
        let content = line.trim_matches([' ', '\t']);
        if content.is_empty() {
            continue;
        }
        if ended {
            return Err(fail("something follows `# EOF`".to_owned()));
        }
        if let Some(comment) = content.strip_prefix('#') {
            ended = dialect == Dialect::OpenMetrics && comment == " EOF";
            let mut words = comment.split_ascii_whitespace();
            if let (Some("TYPE"), Some(name), Some("summary")) = (words.next(), words.next(), words.next()) {
                take(Item::Summary { name });
            }
            continue;
        }
        sample(content, index + 1, dialect, &mut take)
            .map_err(|what| fail(format!("{what}: `{}`", bounded(content, 80))))?;
    }
    if dialect == Dialect::OpenMetrics && !ended {
        return Err(ExpositionError {
            line: last,
            what: "`# EOF` is missing: the answer is cut off".to_owned(),
        });
    }
    if dialect == Dialect::Text && !text.is_empty() && !text.ends_with('\n') {
        return Err(ExpositionError {
            line: last,
            what: "the page is cut off in this, its last line: no line end stands behind it".to_owned(),
        });
    }
    Ok(())
}

/// `name{label="value"} 1.5 [timestamp] [# exemplar]`
fn sample(
    content: &str,
    line: usize,
    dialect: Dialect,
    take: &mut impl FnMut(Item<'_>),
) -> Result<(), &'static str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let end = content.find(|c| !fits(c)).unwrap_or(content.len());
    let (name, mut rest) = content.split_at(end);
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err("a metric's name cannot begin with a digit");
    }
    let mut name = Cow::Borrowed(name);
    let mut labels = Vec::new();
    rest = rest.trim_start_matches([' ', '\t']);
    if is_composite(rest) {
        take(Item::NotANumber);
        return Ok(());
    }
    if let Some(inside) = rest.strip_prefix('{') {
        rest = read_labels(inside, &mut name, &mut labels)?;
    }
    if name.is_empty() {
        return Err("a metric's name is missing");
    }
    let rest = rest.trim_start_matches([' ', '\t']);
    // An exemplar stands behind a `#`; it holds no number of the series.
    let (numbers, _exemplar) = rest.split_once('#').unwrap_or((rest, ""));
    if is_composite(numbers) {
        take(Item::NotANumber);
        return Ok(());
    }
    let mut words = numbers.split_ascii_whitespace();
    let value = words.next().ok_or("the value is missing")?;
    let value = number(value).ok_or("the value is not a number")?;
    if let Some(timestamp) = words.next() {
        let is_time = match dialect {
            Dialect::Text => timestamp.parse::<i64>().is_ok(),
            Dialect::OpenMetrics => timestamp.parse::<f64>().is_ok_and(f64::is_finite),
        };
        if !is_time {
            return Err("what follows the value is not a timestamp");
        }
    }
    if words.next().is_some() {
        return Err("something follows the timestamp");
    }
    take(Item::Sample { name: &name, labels: &labels, value, line });
    Ok(())
}

/// A series as an exposition writes it, for messages.
pub(super) fn written(name: &str, labels: &[(Cow<'_, str>, Cow<'_, str>)]) -> String {
    let pairs: Vec<String> = labels.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect();
    if pairs.is_empty() { name.to_owned() } else { format!("{name}{{{}}}", pairs.join(",")) }
}

/// Whether a native histogram stands here, `{schema:0,…}`, rather than labels or a number.
fn is_composite(text: &str) -> bool {
    let Some(inside) = text.strip_prefix('{') else { return false };
    let inside = inside.trim_start_matches([' ', '\t']);
    inside.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').starts_with(':')
}

/// A number as Go's `ParseFloat` reads it, without its hexadecimal and underscored forms.
fn number(text: &str) -> Option<f64> {
    text.parse().ok()
}

type Labels<'l> = Vec<(Cow<'l, str>, Cow<'l, str>)>;

/// The labels behind `{`; gives what follows `}`. A quoted text alone is the metric's name.
fn read_labels<'l>(
    mut rest: &'l str,
    name: &mut Cow<'l, str>,
    labels: &mut Labels<'l>,
) -> Result<&'l str, &'static str> {
    loop {
        rest = rest.trim_start_matches([' ', '\t']);
        if let Some(after) = rest.strip_prefix('}') {
            return Ok(after);
        }
        let (label, quoted) = match rest.strip_prefix('"') {
            Some(inside) => {
                let (text, after) = quoted_text(inside)?;
                rest = after;
                (text, true)
            }
            None => {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                let (label, after) = rest.split_at(end);
                if label.is_empty() || label.starts_with(|c: char| c.is_ascii_digit()) {
                    return Err("a label's name is expected");
                }
                rest = after;
                (Cow::Borrowed(label), false)
            }
        };
        rest = rest.trim_start_matches([' ', '\t']);
        match rest.strip_prefix('=') {
            Some(after) => {
                let after = after.trim_start_matches([' ', '\t']);
                let (value, after) =
                    quoted_text(after.strip_prefix('"').ok_or("a label's value must be in quotes")?)?;
                rest = after;
                if labels.len() == MOST_LABELS {
                    return Err("a series has too many labels");
                }
                if labels.iter().any(|(known, _)| *known == label) {
                    return Err("a label stands twice");
                }
                labels.push((label, value));
            }
            None if quoted && name.is_empty() => *name = label,
            None => return Err("`=` is expected behind a label's name"),
        }
        rest = rest.trim_start_matches([' ', '\t']);
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None if rest.starts_with('}') => {}
            None => return Err("`,` or `}` is expected behind a label"),
        }
    }
}

/// The text up to the closing quote, with `\\`, `\"` and `\n` resolved; any other backslash stands for itself.
fn quoted_text(text: &str) -> Result<(Cow<'_, str>, &str), &'static str> {
    let mut owned: Option<String> = None;
    let mut characters = text.char_indices();
    while let Some((index, c)) = characters.next() {
        match c {
            '"' => {
                let (before, after) = text.split_at(index);
                let value = owned.map_or(Cow::Borrowed(before), Cow::Owned);
                return Ok((value, after.get(1..).unwrap_or("")));
            }
            '\\' => {
                let value = owned.get_or_insert_with(|| text.split_at(index).0.to_owned());
                match characters.next() {
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, escaped @ ('\\' | '"'))) => value.push(escaped),
                    Some((_, other)) => value.extend(['\\', other]),
                    None => break,
                }
            }
            c => {
                if let Some(value) = &mut owned {
                    value.push(c);
                }
            }
        }
    }
    Err("a quote is not closed")
}
