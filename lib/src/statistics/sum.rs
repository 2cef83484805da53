//! Sums that keep what rounding loses.

/// A running sum whose error does not grow with the number of terms.
///
/// Neumaier, *Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen* (1974): what each addition rounds off
/// is summed beside it.
///
/// ```
/// use runbook_gate::statistics::Sum;
/// let sum: Sum = [1e12, 0.1, 0.1, -1e12].into_iter().collect();
/// assert_eq!(sum.value(), 0.2);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sum {
    rounded: f64,
    lost: f64,
}

impl Sum {
    /// Adds a term.
    pub fn add(&mut self, term: f64) {
        let next = self.rounded + term;
        self.lost += if self.rounded.abs() >= term.abs() {
            (self.rounded - next) + term
        } else {
            (term - next) + self.rounded
        };
        self.rounded = next;
    }

    /// The sum; not finite where it is beyond what a number can be.
    #[must_use]
    pub fn value(self) -> f64 {
        self.rounded + self.lost
    }
}

impl FromIterator<f64> for Sum {
    fn from_iter<I: IntoIterator<Item = f64>>(terms: I) -> Self {
        let mut sum = Self::default();
        terms.into_iter().for_each(|term| sum.add(term));
        sum
    }
}
