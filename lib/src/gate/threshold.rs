//! Thresholds in numbers: what a baseline makes of them, and what was already so before the deployment.

use super::series::Series;
use super::wording::{self, Unit};
use crate::criterion::{Cmp, Comparison, Criterion, Direction, Quantity, Sign, Threshold};
use crate::policy::rules::ReadingKind;
use crate::{Baseline, Finite, statistics};

/// Fewer known samples are no baseline.
const FEWEST_SAMPLES: u64 = 5;
/// From four fifths of a threshold on, the baseline was already there.
const PRE_EXISTING: (f64, f64) = (4.0, 5.0);
/// 8.8 % is four fifths of 11 %, also where their binary fractions are not.
const ROUNDING: f64 = 1e-12;
/// How much worse than the baseline it then has to be.
const WORSE: f64 = 1.5;

/// Which side of a comparison is trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It is trouble when the comparison holds.
    Rollback,
    /// It is trouble when it does not.
    Verify,
}

/// A threshold as a number.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Limit {
    /// In base units; `None` where the baseline is not known.
    pub number: Option<f64>,
    /// Where the number came from, or why there is none.
    pub origin: Option<String>,
    /// The number that it must be beyond as well, because the baseline was already (nearly) beyond the threshold.
    pub pre_existing: Option<PreExisting>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct PreExisting {
    pub number: Finite,
    pub origin: String,
}

/// The number behind a threshold of `criterion`.
pub(super) fn limit(
    criterion: &Criterion,
    comparison: &Comparison,
    series: &Series,
    role: Role,
    min_requests: u32,
) -> Limit {
    let Comparison::Threshold { cmp, threshold, .. } = comparison else {
        return Limit { number: None, origin: None, pre_existing: None };
    };
    let ratio = series.rules.reading == ReadingKind::Counts;
    let unit = wording::unit(series, criterion);
    let baseline = series.baseline.as_ref().map(|baseline| usable(baseline, ratio, min_requests));
    match threshold {
        Threshold::Absolute(quantity) => {
            let number = quantity.base();
            let pre_existing = match (role, baseline) {
                (Role::Rollback, Some(Ok(baseline))) if !is_floor(criterion, comparison) => {
                    pre_existing(*cmp, number, middle(baseline, ratio), ratio, unit)
                }
                _ => None,
            };
            Limit { number: Some(number), origin: None, pre_existing }
        }
        Threshold::TimesBaseline(_) | Threshold::BaselineOffset { .. } => {
            let found = match baseline {
                None => Err(format!("there is no baseline of {}", series.name)),
                Some(Err(why)) => Err(why),
                Some(Ok(baseline)) => {
                    let relative = Relative { cmp: *cmp, role, ratio, unit };
                    relative.limit(threshold, baseline, has_floor(criterion, comparison))
                }
            };
            match found {
                Ok((number, origin)) => {
                    Limit { number: Some(number), origin: Some(origin), pre_existing: None }
                }
                Err(why) => Limit { number: None, origin: Some(why), pre_existing: None },
            }
        }
    }
}

struct Relative {
    cmp: Cmp,
    role: Role,
    ratio: bool,
    unit: Unit,
}

impl Relative {
    fn limit(
        &self,
        threshold: &Threshold,
        baseline: &Baseline,
        floor: bool,
    ) -> Result<(f64, String), String> {
        let (base, words) = self.base(baseline);
        let show = |number: f64| wording::value(number, self.unit);
        let (number, origin) = match threshold {
            Threshold::TimesBaseline(_) if base < 0.0 => {
                return Err(format!(
                    "the baseline is {} ({words}), and a multiple of less than nothing is no limit",
                    show(base)
                ));
            }
            Threshold::TimesBaseline(factor) => {
                let number = factor.get() * base;
                let origin = format!("{} × {} ({words})", wording::plain(factor.get()), show(base));
                match baseline.worst.map(Finite::get) {
                    Some(worst) if self.above_is_trouble() && !self.ratio && worst > number => Ok((
                        worst,
                        format!("{}, the highest median of the baseline, above {origin}", show(worst)),
                    )),
                    _ if number == 0.0 && !floor => Err(format!(
                        "{origin} is 0, which nothing can be compared with; add a floor, such as `and > 1%`"
                    )),
                    _ => Ok((number, origin)),
                }
            }
            Threshold::BaselineOffset { sign, amount } => {
                let by = self.amount(*amount, base);
                let (number, sign) = match sign {
                    Sign::Plus => (base + by, "+"),
                    Sign::Minus => (base - by, "-"),
                };
                Ok((number, format!("{} {sign} {} ({words})", show(base), show(by))))
            }
            Threshold::Absolute(quantity) => Ok((quantity.base(), String::new())),
        }?;
        if number.is_finite() {
            Ok((number, origin))
        } else {
            Err(format!("the baseline is {} ({words}), and what is made of it is no number", show(base)))
        }
    }

    /// What stands for the baseline: the upper bound of a ratio, the median of a value.
    fn base(&self, baseline: &Baseline) -> (f64, String) {
        if baseline.is_fixed() {
            return (baseline.median.get(), "the policy's own baseline".to_owned());
        }
        match baseline.counts.filter(|_| self.ratio) {
            Some(counts) => (
                statistics::upper_bound(counts.bad(), counts.total()),
                format!("95 % upper bound of {} before", wording::counts(counts.bad(), counts.total())),
            ),
            None => (
                baseline.median.get(),
                format!("median of {} samples before", wording::whole(baseline.count)),
            ),
        }
    }

    /// `%` means percentage points on a ratio, and a share of the baseline on anything else.
    fn amount(&self, amount: Quantity, base: f64) -> f64 {
        match amount.unit() {
            Some(crate::criterion::Unit::Percent) if !self.ratio => base.abs() * amount.base(),
            _ => amount.base(),
        }
    }

    fn above_is_trouble(&self) -> bool {
        matches!(
            (self.role, self.cmp.direction()),
            (Role::Rollback, Direction::Above) | (Role::Verify, Direction::Below)
        )
    }
}

/// The baseline, or why it is not known.
fn usable(baseline: &Baseline, ratio: bool, min_requests: u32) -> Result<&Baseline, String> {
    if baseline.is_fixed() {
        return Ok(baseline);
    }
    match baseline.counts.filter(|_| ratio) {
        Some(counts) if counts.total() < f64::from(min_requests) => Err(format!(
            "the baseline has {} requests, and {min_requests} are needed",
            wording::number(counts.total())
        )),
        None if baseline.count < FEWEST_SAMPLES => {
            Err(format!("the baseline has {} known samples, and {FEWEST_SAMPLES} are needed", baseline.count))
        }
        _ => Ok(baseline),
    }
}

/// What the signal was, as one number.
fn middle(baseline: &Baseline, ratio: bool) -> f64 {
    match baseline.counts.filter(|counts| ratio && counts.total() > 0.0) {
        Some(counts) => counts.bad() / counts.total(),
        None => baseline.median.get(),
    }
}

fn pre_existing(cmp: Cmp, threshold: f64, base: f64, ratio: bool, unit: Unit) -> Option<PreExisting> {
    let show = |number: f64| wording::value(number, unit);
    let (number, origin) = match cmp.direction() {
        Direction::Above
            if threshold > 0.0 && base * PRE_EXISTING.1 >= threshold * PRE_EXISTING.0 * (1.0 - ROUNDING) =>
        {
            (WORSE * base, format!("1.5 × {} before", show(base)))
        }
        Direction::Below if cmp.holds(base, threshold) => {
            let number = if ratio { 1.0 - WORSE * (1.0 - base) } else { base - (WORSE - 1.0) * base.abs() };
            let number = if ratio || base <= 0.0 { number } else { base / WORSE };
            let origin = if ratio {
                format!("1 − 1.5 × (1 − {} before)", show(base))
            } else {
                format!("{} before, less a third", show(base))
            };
            (number, origin)
        }
        _ => return None,
    };
    // More than a number can say is asked by the greatest one.
    let number = Finite::new(number.clamp(f64::MIN, f64::MAX))?;
    Some(PreExisting { number, origin })
}

/// Whether another comparison of the criterion asks the same signal to be worse than its baseline: what was so before
/// cannot trip it then.
fn is_floor(criterion: &Criterion, comparison: &Comparison) -> bool {
    criterion.comparisons().iter().any(|other| {
        other.signal() == comparison.signal()
            && matches!(
                other,
                Comparison::Threshold {
                    threshold: Threshold::TimesBaseline(_) | Threshold::BaselineOffset { .. },
                    ..
                }
            )
    })
}

/// Whether another comparison of the criterion keeps small numbers of the same signal out.
fn has_floor(criterion: &Criterion, comparison: &Comparison) -> bool {
    criterion.comparisons().iter().any(|other| {
        other.signal() == comparison.signal()
            && matches!(
                other,
                Comparison::Threshold { cmp, threshold: Threshold::Absolute(quantity), .. }
                    if cmp.direction() == Direction::Above && quantity.base() > 0.0
            )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn twice(median: f64) -> Result<(f64, String), String> {
        let finite = |number| Finite::new(number).unwrap();
        let baseline = Baseline {
            median: finite(median),
            p95: finite(median),
            worst: None,
            count: 120,
            counts: None,
            window: None,
            source: None,
        };
        let relative = Relative { cmp: Cmp::Greater, role: Role::Rollback, ratio: false, unit: Unit::Plain };
        relative.limit(&Threshold::TimesBaseline(finite(2.0)), &baseline, false)
    }

    #[test]
    fn a_multiple_that_is_no_number_is_unknown() {
        assert_eq!(twice(0.2).unwrap().0, 0.4);
        assert!(twice(1e308).unwrap_err().contains("is no number"));
        assert!(twice(-5.0).unwrap_err().contains("is no limit"));
    }
}
