//! Known values, identities and monotonicity.

use proptest::prelude::*;

use super::*;

fn close(left: f64, right: f64, tolerance: f64) {
    assert!((left - right).abs() <= tolerance * right.abs().max(1e-300), "{left} is not {right}");
}

fn above(threshold: f64, bad: f64, total: f64) -> f64 {
    probability_above(threshold, bad, total).unwrap()
}

#[test]
fn closed_forms_of_the_beta_distribution() {
    for x in [1e-9, 0.001, 0.05, 0.3, 0.5, 0.77, 0.999] {
        close(beta_cdf(x, 1.0, 1.0), x, 1e-14);
        close(beta_cdf(x, 1.0, 7.0), -libm::expm1(7.0 * libm::log1p(-x)), 1e-13);
        close(beta_cdf(x, 4.0, 1.0), libm::pow(x, 4.0), 1e-13);
        // The arcsine law: Beta(½, ½), the Jeffreys prior itself.
        close(beta_cdf(x, 0.5, 0.5), 2.0 / PI * libm::asin(libm::sqrt(x)), 1e-13);
    }
}

#[test]
fn equals_the_binomial_tail() {
    // P(X ≥ k) for X ~ Binomial(n, p) is I_p(k, n − k + 1).
    for (n, p) in [(10_u32, 0.3), (40, 0.05), (100, 0.5)] {
        for k in [1_u32, 2, 5, 9] {
            let tail: f64 = (k..=n).map(|i| binomial(n, i, p)).sum();
            close(beta_cdf(p, f64::from(k), f64::from(n - k + 1)), tail, 1e-11);
        }
    }
}

fn binomial(n: u32, k: u32, p: f64) -> f64 {
    let ways: f64 = (0..k).map(|i| f64::from(n - i) / f64::from(i + 1)).product();
    ways * p.powi(k as i32) * (1.0 - p).powi((n - k) as i32)
}

#[test]
fn the_jeffreys_bounds_of_brown_cai_and_dasgupta() {
    // Table 5 of the paper, n = 10, the two-sided 95 % interval: x = 1: (0.011, 0.381); x = 3: (0.093, 0.606).
    for (x, low, high) in [(1.0, 0.011, 0.381), (3.0, 0.093, 0.606), (5.0, 0.224, 0.776)] {
        assert!((beta_quantile(0.025, x + 0.5, 10.5 - x) - low).abs() < 0.001);
        assert!((beta_quantile(0.975, x + 0.5, 10.5 - x) - high).abs() < 0.001);
    }
}

#[test]
fn the_upper_bound_of_no_error_is_half_a_chi_square() {
    // For large n, n·qbeta(0.95, ½, n + ½) tends to qchisq(0.95, 1) / 2 = 1.920729410.
    close(upper_bound(0.0, 1e7) * 1e7, 1.920_729_410, 1e-6);
    assert_eq!(upper_bound(5.0, 5.0), 1.0);
}

#[test]
fn above_and_below_share_all_probability() {
    for (bad, total) in [(0.0, 1.0), (3.0, 240.0), (61.0, 30_510.0), (5.5, 700.25)] {
        for threshold in [0.001, 0.01, 0.05, 0.5] {
            close(
                above(threshold, bad, total) + probability_below(threshold, bad, total).unwrap(),
                1.0,
                1e-12,
            );
        }
    }
}

#[test]
fn small_tails_keep_their_digits() {
    // P(p > ½) after 0 of 100 is far below 1 − (1 − ε), and must not come out as 0.
    let tail = above(0.5, 0.0, 100.0);
    assert!(tail > 1e-33 && tail < 1e-30, "{tail}");
}

#[test]
fn thresholds_outside_of_a_ratio_are_certain() {
    assert_eq!(above(0.0, 0.0, 50.0), 1.0);
    assert_eq!(above(-1.0, 0.0, 50.0), 1.0);
    assert_eq!(above(1.0, 50.0, 50.0), 0.0);
    assert_eq!(above(2.0, 50.0, 50.0), 0.0);
    assert_eq!(probability_below(1.5, 50.0, 50.0), Some(1.0));
}

#[test]
fn what_is_no_number_is_no_probability() {
    for (threshold, bad, total) in [
        (f64::NAN, 1.0, 50.0),
        (0.05, f64::NAN, 50.0),
        (0.05, f64::INFINITY, f64::INFINITY),
        (0.05, 60.0, 50.0),
    ] {
        assert_eq!(probability_above(threshold, bad, total), None, "{threshold} {bad} {total}");
        assert_eq!(probability_below(threshold, bad, total), None, "{threshold} {bad} {total}");
    }
}

#[test]
fn counts_of_every_size_have_a_probability() {
    let sizes = [0.0, 1e-300, 1e-9, 0.4, 1.0, 37.0, 1e5, 1e7, 2e7, 1e12, 1e18, 1e24];
    for threshold in [5e-324, 1e-300, 1e-9, 0.05, 0.5, 0.999_999, 1.0 - f64::EPSILON, 1.0, 3.0] {
        for (bad, good) in sizes.iter().flat_map(|bad| sizes.iter().map(move |good| (*bad, *good))) {
            let (above, below) = (
                probability_above(threshold, bad, bad + good),
                probability_below(threshold, bad, bad + good),
            );
            assert!(above.is_some_and(|p| (0.0..=1.0).contains(&p)), "{threshold} {bad} {good}: {above:?}");
            assert!(below.is_some_and(|p| (0.0..=1.0).contains(&p)), "{threshold} {bad} {good}: {below:?}");
        }
    }
}

#[test]
fn the_middle_of_huge_numbers_is_a_number() {
    assert_eq!(median(&mut [-1.7e308, 1.7e308]), Some(0.0));
    assert_eq!(median(&mut [1.7e308, 1.7e308]), Some(1.7e308));
}

#[test]
fn a_sum_keeps_what_is_small_beside_the_rest() {
    let mut sum = Sum::default();
    sum.add(1e12);
    (0..1_000_000).for_each(|_| sum.add(1e-5));
    sum.add(-1e12);
    assert!((sum.value() - 10.0).abs() < 1e-6, "{}", sum.value());
}

#[test]
fn the_two_methods_meet_where_they_change() {
    for share in [0.01, 0.3] {
        let total = LARGE / share;
        for deviations in [-3.0, -1.0, 0.0, 1.0, 3.0] {
            let x = share + deviations * libm::sqrt(share * (1.0 - share) / total);
            let below = beta_cdf(x, total * share * 0.999_999, total * (1.0 - share));
            let above = by_deviance(x, 1.0 - x, total * share * 0.999_999, total * (1.0 - share));
            assert!((below - above).abs() < 1e-3, "{below} {above}");
        }
    }
}

#[test]
fn percentiles_are_of_type_7() {
    // R: quantile(c(1, 2, 4, 8, 16, 32), c(.05, .25, .5, .95)) is 1.25, 2.5, 6, 28.
    for (percent, expected) in
        [(5.0, 1.25), (25.0, 2.5), (50.0, 6.0), (95.0, 28.0), (0.0, 1.0), (100.0, 32.0)]
    {
        let mut values = [16.0, 1.0, 8.0, 32.0, 2.0, 4.0];
        close(percentile(&mut values, percent).unwrap(), expected, 1e-12);
    }
}

proptest! {
    #[test]
    fn the_distribution_rises_in_x_and_falls_in_a(
        a in 0.5..5000.0_f64, b in 0.5..5000.0_f64, x in 0.0..1.0_f64, more in 0.0..0.2_f64,
    ) {
        let here = beta_cdf(x, a, b);
        prop_assert!((0.0..=1.0).contains(&here));
        prop_assert!(beta_cdf((x + more).min(1.0), a, b) >= here - 1e-12);
        prop_assert!(beta_cdf(x, a + more * 100.0, b) <= here + 1e-12);
    }

    #[test]
    fn the_quantile_inverts_the_distribution(a in 0.5..2000.0_f64, b in 0.5..2000.0_f64, p in 0.001..0.999_f64) {
        let x = beta_quantile(p, a, b);
        prop_assert!((beta_cdf(x, a, b) - p).abs() < 1e-9);
    }

    #[test]
    fn more_errors_never_lower_the_probability_above(
        total in 1.0..1e9_f64, share in 0.0..1.0_f64, more in 0.0..1.0_f64, threshold in 0.0..1.0_f64,
    ) {
        let bad = total * share;
        let worse = bad + (total - bad) * more;
        prop_assert!(above(threshold, worse, total) >= above(threshold, bad, total) - 1e-3);
    }

    #[test]
    fn the_median_is_between_the_ends(mut values in proptest::collection::vec(-1e9..1e9_f64, 1..50)) {
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let middle = median(&mut values).unwrap();
        prop_assert!(low <= middle && middle <= high);
    }
}
