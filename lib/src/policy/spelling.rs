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
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
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
