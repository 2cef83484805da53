//! What a checksum file beside an artifact says of it.

use std::collections::BTreeSet;

use super::text_in;

/// What a checksum file says of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChecksumSays {
    /// This is its SHA-256.
    Same,
    /// It has another SHA-256.
    Other,
    /// Nothing that can be read; why, in words after `its checksum file`.
    Nothing(&'static str),
}

/// The longest checksum file that is read, in bytes.
pub const LONGEST_CHECKSUM_FILE: usize = 1024 * 1024;
/// The digits of a SHA-256.
const DIGITS: usize = 64;

/// What the bytes of a checksum file say of the file of a name whose SHA-256 is `sum` (64 hexadecimal digits), as `sha256sum`
/// (with and without `--tag`), `certutil` and plain sums write it. Of several lines those count that name the file.
///
/// ```
/// use runbook_gate::checklist::{ChecksumSays, checksum_says};
/// let sum = "0".repeat(64);
/// let file = format!("{}  other.zip\n{sum}  a.zip\n", "1".repeat(64));
/// assert_eq!(checksum_says(file.as_bytes(), "a.zip", &sum), ChecksumSays::Same);
/// ```
#[must_use]
pub fn checksum_says(bytes: &[u8], file: &str, sum: &str) -> ChecksumSays {
    if bytes.len() > LONGEST_CHECKSUM_FILE {
        return ChecksumSays::Nothing("is larger than 1 MiB");
    }
    let Some(text) = text_in(bytes) else {
        return ChecksumSays::Nothing("is neither UTF-8 nor UTF-16 text");
    };
    let lines: Vec<(&str, &str)> = text.lines().filter_map(sum_and_rest).collect();
    let named: BTreeSet<&str> =
        lines.iter().filter(|(_, rest)| names(rest, file)).map(|(sum, _)| *sum).collect();
    // A file with one sum stands beside what it is of, whatever that was called where it was made.
    let said = match (named.is_empty(), lines.as_slice()) {
        (false, _) => named,
        (true, []) => return ChecksumSays::Nothing("has no SHA-256 in it"),
        (true, [(only, _)]) => BTreeSet::from([*only]),
        (true, _) => return ChecksumSays::Nothing("names other files only"),
    };
    if said.iter().all(|said| said.eq_ignore_ascii_case(sum)) {
        ChecksumSays::Same
    } else {
        ChecksumSays::Other
    }
}

/// The sum of a line, and the line.
fn sum_and_rest(line: &str) -> Option<(&str, &str)> {
    let is_sum = |word: &&str| word.len() == DIGITS && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let sum = line.split(|c: char| c.is_whitespace() || c == '\\').find(is_sum)?;
    Some((sum, line))
}

/// Whether a line names a file, with or without folders before it: `SUM  dist/a.zip`, `SUM *a.zip`, `SHA256 (a.zip) = SUM`.
fn names(line: &str, file: &str) -> bool {
    let line = line.trim_end();
    let written = match line.strip_prefix("SHA256 (").and_then(|rest| rest.rsplit_once(") = ")) {
        Some((name, _)) => name,
        None => line.split_once(char::is_whitespace).map_or("", |(_, name)| name.trim_start()),
    };
    let name = written.rsplit(['/', '\\']).next().unwrap_or(written);
    !file.is_empty() && (name == file || name.strip_prefix('*') == Some(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_names_the_file_counts() {
        use ChecksumSays::{Nothing, Other, Same};
        let (right, wrong) = ("ab".repeat(32), "cd".repeat(32));
        let upper = right.to_uppercase();
        for (text, expected) in [
            (right.clone(), Same),
            (format!("{upper}\r\n"), Same),
            (format!("{wrong}\n"), Other),
            (format!("{right}  a.zip\n"), Same),
            (format!("{right} *dist/a.zip\n"), Same),
            (format!("{right}  built/as/b.zip\n"), Same),
            (format!("SHA256 (a.zip) = {right}\n"), Same),
            (format!("SHA256 (a.zip) = {wrong}\n"), Other),
            (format!("SHA256 hash of a.zip:\n{right}\nCertUtil: done\n"), Same),
            (format!("{right}  other.zip\n{wrong}  a.zip\n"), Other),
            (format!("{wrong}  other.zip\n{right}  a.zip\n"), Same),
            (format!("{right}  a.zip\n{wrong}  a.zip\n"), Other),
            (format!("{right}  other.zip\n{wrong}  another.zip\n"), Nothing("names other files only")),
            (String::new(), Nothing("has no SHA-256 in it")),
            ("404: not found".to_owned(), Nothing("has no SHA-256 in it")),
        ] {
            assert_eq!(checksum_says(text.as_bytes(), "a.zip", &right), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_nothing() {
        let sum = "ab".repeat(32);
        let text = format!("{}  a.zip", "cd".repeat(32));
        let wide: Vec<u8> =
            std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(checksum_says(&wide, "a.zip", &sum), ChecksumSays::Other, "PowerShell's `>`");
        let unmarked = wide.get(2..).unwrap();
        for bytes in [unmarked, &[0xe4], &vec![b' '; LONGEST_CHECKSUM_FILE + 1]] {
            assert!(matches!(checksum_says(bytes, "a.zip", &sum), ChecksumSays::Nothing(_)));
        }
    }
}
