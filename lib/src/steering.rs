//! Characters that steer what shows a text instead of standing in it.

/// Whether a character is a control character, a separator of lines, a mark that turns the direction of text, or takes no
/// room: what an outside text could use to hide or to forge something. All are below U+10000, except the tag characters.
pub(crate) fn steers(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_all_scripts_and_pictures_stand() {
        assert!("aß→日本語עברית العربية 🎉▁█ é…".chars().all(|character| !steers(character)));
        assert!("\u{1b}\r\n\0\u{9b}\u{202e}\u{2066}\u{200b}\u{2028}\u{feff}\u{e0041}".chars().all(steers));
    }
}
