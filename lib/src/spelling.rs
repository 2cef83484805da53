//! "Did you mean": the nearest of the words that exist.

/// The known word that was probably meant.
pub(crate) fn nearest<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if written.is_empty() || written.len() > 64 {
        return None;
    }
    let folded = fold(written);
    known
        .into_iter()
        .map(|word| (strsim::normalized_damerau_levenshtein(&folded, &fold(word)), word))
        .filter(|(likeness, _)| *likeness >= 0.6)
        // Of two words that are as near, the first.
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, word)| word)
}

/// Words as a list: `a`, `b` and `c`.
pub(crate) fn listed<'k>(words: impl IntoIterator<Item = &'k str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// Case and the kind of dash make no other word.
fn fold(word: &str) -> String {
    word.to_ascii_lowercase().replace(['-', ' '], "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_meant_and_of_two_the_first() {
        assert_eq!(nearest("urll", ["url", "urls", "quorum"]), Some("url"));
        assert_eq!(nearest("error-rate", ["latency", "error_rate"]), Some("error_rate"));
        assert_eq!(nearest("zzz", ["url"]), None);
        assert_eq!(nearest("", ["url"]), None);
    }
}
