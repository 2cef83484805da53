//! Readings beside their thresholds; the [numbers](crate::numbers) themselves are the same everywhere.

use crate::gate::outcome::Observed;

pub use crate::numbers::*;

/// What was seen, and the threshold where there is one, told apart.
#[must_use]
pub fn seen_against(
    measure: Measure,
    observed: &Observed,
    threshold: Option<f64>,
) -> (String, Option<String>) {
    let (number, measure) = match observed {
        Observed::Counts { bad, total } if *total > 0.0 => (Some(bad / total), Measure::Share),
        Observed::Value(number) => (Some(*number), measure),
        _ => (None, measure),
    };
    let (seen, against) = match (number, threshold) {
        (Some(number), Some(threshold)) => {
            let (seen, against) = measure.show_apart(number, threshold);
            (seen, Some(against))
        }
        (Some(number), None) => (measure.show(number), None),
        (None, threshold) => (String::new(), threshold.map(|threshold| measure.show(threshold))),
    };
    let seen = match observed {
        Observed::Counts { bad, total } if *total > 0.0 => format!("{seen} ({})", of(*bad, *total)),
        Observed::Counts { .. } => "no requests".to_owned(),
        Observed::Value(_) => seen,
        Observed::Probes { of: 0, .. } => "no data".to_owned(),
        Observed::Probes { failed, of } => format!("{} failed", self::of(*failed as f64, *of as f64)),
        Observed::Nothing => "no data".to_owned(),
    };
    (seen, against)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_stands_with_its_counts() {
        let counts = Observed::Counts { bad: 197.0, total: 2402.0 };
        assert_eq!(
            seen_against(Measure::Share, &counts, Some(0.05)),
            ("8.2% (197 of 2,402)".into(), Some("5%".into()))
        );
        let none = Observed::Counts { bad: 0.0, total: 0.0 };
        assert_eq!(seen_against(Measure::Share, &none, None).0, "no requests");
        let probes = Observed::Probes { failed: 6, of: 8 };
        assert_eq!(seen_against(Measure::State, &probes, None).0, "6 of 8 failed");
        assert_eq!(seen_against(Measure::Seconds, &Observed::Nothing, Some(0.2)).1, Some("200ms".into()));
    }
}
