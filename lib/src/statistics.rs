//! The numbers behind a judgement: the posterior of a ratio, medians and percentiles.
//!
//! Slices and counts in, numbers out. Transcendental functions come from the `libm` crate, so that every platform gives
//! the same bits.

mod sum;

use std::f64::consts::PI;

pub use sum::Sum;

/// From so many events of either kind on, the posterior is judged by its deviance alone.
const LARGE: f64 = 1e7;

/// The regularised incomplete beta function I_x(a, b): P(X ≤ x) for X ~ Beta(a, b), with `a`, `b` above 0.
///
/// By the continued fraction of Press et al., *Numerical Recipes* (3rd ed., section 6.4, equation 6.4.5; modified Lentz
/// method), with the factor before it by Loader, *Fast and Accurate Computation of Binomial Probabilities* (2000), which
/// keeps its digits for large counts. Agrees with R's `pbeta(x, a, b)`.
///
/// ```
/// use runbook_gate::statistics::beta_cdf;
/// assert!((beta_cdf(0.5, 2.0, 2.0) - 0.5).abs() < 1e-14);
/// assert!((beta_cdf(0.2, 1.0, 3.0) - (1.0 - 0.8_f64.powi(3))).abs() < 1e-14);
/// ```
#[must_use]
pub fn beta_cdf(x: f64, a: f64, b: f64) -> f64 {
    incomplete(x, 1.0 - x, a, b)
}

/// The quantile of Beta(a, b): the smallest x with P(X ≤ x) ≥ `probability`, by bisection of [`beta_cdf`].
///
/// Agrees with R's `qbeta(probability, a, b)`.
///
/// ```
/// use runbook_gate::statistics::beta_quantile;
/// assert!((beta_quantile(0.5, 3.0, 3.0) - 0.5).abs() < 1e-12);
/// ```
#[must_use]
pub fn beta_quantile(probability: f64, a: f64, b: f64) -> f64 {
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    for _ in 0..1100 {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if beta_cdf(middle, a, b) < probability {
            low = middle;
        } else {
            high = middle;
        }
        if high - low <= high * f64::EPSILON {
            break;
        }
    }
    high
}

/// P(p > threshold) after `bad` of `total` events, by the Jeffreys posterior Beta(bad + ½, total − bad + ½); `None` where
/// that is no number.
///
/// Brown, Cai, DasGupta, *Interval Estimation for a Binomial Proportion* (2001), section 4.3.
///
/// ```
/// use runbook_gate::statistics::probability_above;
/// assert!(probability_above(0.05, 30.0, 300.0).is_some_and(|sure| sure > 0.999));
/// assert!(probability_above(0.05, 3.0, 300.0).is_some_and(|sure| sure < 0.001));
/// assert_eq!(probability_above(f64::NAN, 3.0, 300.0), None);
/// ```
#[must_use]
pub fn probability_above(threshold: f64, bad: f64, total: f64) -> Option<f64> {
    finite(incomplete(1.0 - threshold, threshold, total - bad + 0.5, bad + 0.5))
}

/// P(p < threshold) after `bad` of `total` events, by the Jeffreys posterior; `None` where that is no number.
///
/// ```
/// use runbook_gate::statistics::probability_below;
/// assert!(probability_below(0.99, 950.0, 1000.0).is_some_and(|sure| sure > 0.999));
/// ```
#[must_use]
pub fn probability_below(threshold: f64, bad: f64, total: f64) -> Option<f64> {
    finite(beta_cdf(threshold, bad + 0.5, total - bad + 0.5))
}

fn finite(number: f64) -> Option<f64> {
    number.is_finite().then_some(number)
}

/// The one-sided 95 % upper bound of a rate, by the Jeffreys posterior; 1 where every event was bad.
///
/// ```
/// use runbook_gate::statistics::upper_bound;
/// let bound = upper_bound(0.0, 1000.0);
/// assert!(bound > 0.0019 && bound < 0.0020);
/// ```
#[must_use]
pub fn upper_bound(bad: f64, total: f64) -> f64 {
    if bad >= total {
        return 1.0;
    }
    beta_quantile(0.95, bad + 0.5, total - bad + 0.5)
}

/// The middle value; of an even number the mean of the two in the middle. `None` of nothing. Reorders the slice.
///
/// ```
/// use runbook_gate::statistics::median;
/// assert_eq!(median(&mut [3.0, 1.0, 2.0]), Some(2.0));
/// assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), Some(2.5));
/// assert_eq!(median(&mut []), None);
/// ```
#[must_use]
pub fn median(values: &mut [f64]) -> Option<f64> {
    percentile(values, 50.0)
}

/// The percentile (0 to 100) by linear interpolation between the order statistics: R's type 7, the default of R and NumPy
/// (Hyndman and Fan, *Sample Quantiles in Statistical Packages*, 1996). `None` of nothing. Reorders the slice.
///
/// ```
/// use runbook_gate::statistics::percentile;
/// assert_eq!(percentile(&mut [10.0, 20.0, 30.0, 40.0, 50.0], 90.0), Some(46.0));
/// ```
#[must_use]
pub fn percentile(values: &mut [f64], percent: f64) -> Option<f64> {
    let (lower, share) = place(values.len().checked_sub(1)? as u64, percent);
    let (_, low, above) = values.select_nth_unstable_by(lower as usize, f64::total_cmp);
    let low = *low;
    if share <= 0.0 {
        return Some(low);
    }
    let high = above.iter().copied().min_by(f64::total_cmp).unwrap_or(low);
    Some(between(low, high, share))
}

/// Where a percentile lies among order statistics numbered from 0 to `last`: after which one, and how far towards the next.
pub(crate) fn place(last: u64, percent: f64) -> (u64, f64) {
    let place = last as f64 * (percent / 100.0).clamp(0.0, 1.0);
    let lower = (libm::floor(place) as u64).min(last);
    (lower, place - lower as f64)
}

/// The number that lies this share of the way from one number to another.
pub(crate) fn between(low: f64, high: f64, share: f64) -> f64 {
    let span = high - low;
    // The span of two huge numbers may be no number itself.
    if span.is_finite() { low + span * share } else { low * (1.0 - share) + high * share }
}

/// [`beta_cdf`] with x and 1 − x apart, so that neither loses digits.
fn incomplete(x: f64, y: f64, a: f64, b: f64) -> f64 {
    if [x, y, a, b].iter().any(|number| number.is_nan()) || a <= 0.0 || b <= 0.0 {
        return f64::NAN;
    }
    if x <= 0.0 {
        return 0.0;
    }
    if y <= 0.0 {
        return 1.0;
    }
    if a.min(b) > LARGE {
        return by_deviance(x, y, a, b);
    }
    let factor = factor(x, y, a, b);
    // The fraction converges fast on one side of the mean; the other is reached by I_x(a, b) = 1 − I_{1−x}(b, a).
    let probability = if x < (a + 1.0) / (a + b + 2.0) {
        factor * continued_fraction(x, a, b) / a
    } else {
        1.0 - factor * continued_fraction(y, b, a) / b
    };
    probability.clamp(0.0, 1.0)
}

/// x^a y^b / B(a, b): the binomial probability of a in a + b, times ab / (a + b).
fn factor(x: f64, y: f64, a: f64, b: f64) -> f64 {
    let n = a + b;
    let log =
        stirling_error(n) - stirling_error(a) - stirling_error(b) - deviance(a, n * x) - deviance(b, n * y);
    libm::exp(log) * libm::sqrt(a / n * b / (2.0 * PI))
}

/// ln Γ(n + 1) less Stirling's approximation of it (Loader 2000, section 3).
fn stirling_error(n: f64) -> f64 {
    if n <= 15.0 {
        return libm::lgamma(n + 1.0) - (n + 0.5) * libm::log(n) + n - 0.5 * libm::log(2.0 * PI);
    }
    let square = n * n;
    let series = 1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - 1.0 / 1188.0 / square) / square) / square;
    (1.0 / 12.0 - series / square) / n
}

/// x ln(x/m) + m − x without cancellation near x = m (Loader 2000, section 4).
fn deviance(x: f64, m: f64) -> f64 {
    let difference = x - m;
    if difference.abs() < 0.1 * (x + m) {
        let v = difference / (x + m);
        let mut sum = difference * v;
        let mut term = 2.0 * x * v;
        for j in 1..1000 {
            term *= v * v;
            let next = sum + term / f64::from(2 * j + 1);
            if next == sum {
                break;
            }
            sum = next;
        }
        return sum;
    }
    x * libm::log(x / m) + m - x
}

/// The continued fraction of the incomplete beta function, by the modified Lentz method.
fn continued_fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    // It needs some √min(a, b) rounds, and that is at most √LARGE.
    for round in 1..30_000 {
        let m = f64::from(round);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away(1.0 + even * d);
        c = away(1.0 + even / c);
        fraction *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away(1.0 + odd * d);
        c = away(1.0 + odd / c);
        let change = d * c;
        fraction *= change;
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    fraction
}

/// I_x(a, b) for very many events: the signed root of the deviance is then normal to within 1e-4 (Barndorff-Nielsen and
/// Cox, *Inference and Asymptotics*, 1994, section 6.2).
fn by_deviance(x: f64, y: f64, a: f64, b: f64) -> f64 {
    let n = a + b;
    let root = libm::sqrt((2.0 * (deviance(a, n * x) + deviance(b, n * y))).max(0.0));
    let z = if n * x >= a { root } else { -root };
    0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
}

#[cfg(test)]
mod tests;
