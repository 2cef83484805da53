//! "Did you mean": the nearest of the words that exist.

/// The known word that was probably meant.
pub(crate) fn nearest<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    alike(written, known)
        // Of two words that are as near, the first.
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, word)| word)
}

/// The known words that are nearest, the nearest first: at most so many.
pub(crate) fn nearest_few<'k>(
    written: &str,
    known: impl IntoIterator<Item = &'k str>,
    most: usize,
) -> Vec<&'k str> {
    let mut near: Vec<(f64, &str)> = alike(written, known).collect();
    near.sort_by(|(a, one), (b, other)| b.total_cmp(a).then_with(|| one.cmp(other)));
    near.into_iter().take(most).map(|(_, word)| word).collect()
}

/// The known words that are like a word, with how much they are.
fn alike<'k>(
    written: &str,
    known: impl IntoIterator<Item = &'k str>,
) -> impl Iterator<Item = (f64, &'k str)> {
    let folded = (!written.is_empty() && written.len() <= 64).then(|| fold(written));
    known
        .into_iter()
        .filter_map(move |word| {
            let folded = folded.as_deref()?;
            Some((strsim::normalized_damerau_levenshtein(folded, &fold(word)), word))
        })
        .filter(|(likeness, _)| *likeness >= 0.6)
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
