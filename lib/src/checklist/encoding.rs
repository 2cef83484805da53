//! The text of a file from outside, or nothing: what is guessed at may hide a word.

/// The text of bytes: UTF-8 with or without a byte-order mark, or UTF-16 with one; `None` for everything else, UTF-16 without a
/// mark among it, whose zero bytes no text has.
///
/// ```
/// use runbook_gate::checklist::text_in;
/// assert_eq!(text_in(&[0xff, 0xfe, b'a', 0]).as_deref(), Some("a"));
/// assert_eq!(text_in(&[b'a', 0xe4]), None);
/// ```
#[must_use]
pub fn text_in(bytes: &[u8]) -> Option<String> {
    let wide = |bytes: &[u8], join: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().map(|pair| join(*pair)).collect();
        String::from_utf16(&units).ok().filter(|_| rest.is_empty())
    };
    let narrow = |bytes: &[u8]| std::str::from_utf8(bytes).map(str::to_owned).ok();
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => narrow(rest),
        rest => narrow(rest),
    };
    text.filter(|text| !text.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_whole_text_is_none() {
        let text = |bytes: &[u8]| text_in(bytes);
        assert_eq!(text("ä".as_bytes()).as_deref(), Some("ä"));
        assert_eq!(text(&[0xef, 0xbb, 0xbf, b'a']).as_deref(), Some("a"));
        assert_eq!(text(&[0xfe, 0xff, 0, b'a']).as_deref(), Some("a"));
        assert_eq!(text(&[]).as_deref(), Some(""));
        for bytes in [&[0xe4][..], &[0xff, 0xfe, b'a'], &[0xff, 0xfe, 0, 0xd8], &[b'a', 0, b'b', 0]] {
            assert_eq!(text(bytes), None, "{bytes:?}");
        }
    }
}
