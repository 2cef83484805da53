//! What a reader should know of the samples: what chooses nothing, what is not read, what lies beyond a histogram.

use std::collections::BTreeMap;

use super::Scrape;
use super::histogram::{Place, quantile};
use super::lane::{Lane, Scraped};
use super::missing::{Missing, incomplete};
use super::reading::Reading;
use super::target::Advance;
use crate::source::SourceNote;

impl Scrape {
    /// Whether errors are counted by another metric than all requests.
    fn is_of_another_metric(&self, total: usize, bad: Option<usize>) -> bool {
        let name = |lane: usize| self.lanes.get(lane).and_then(|lane| lane.selector().name());
        bad.is_some_and(|bad| name(bad) != name(total))
    }

    /// What a reader should know of the samples.
    pub(super) fn remark_on(
        &mut self,
        scrapes: &[(Scraped, Advance)],
        missing: &BTreeMap<usize, Missing>,
        notes: &mut Vec<SourceNote>,
    ) {
        if scrapes.iter().any(|(scraped, _)| scraped.native > 0) {
            self.say(notes, None, "native histograms are exposed, which are not read".to_owned());
        }
        for (signal, reading) in self.signals.clone() {
            let (lane, bad) = match reading {
                Reading::Ratio { bad, total } => (total, Some(bad)),
                Reading::Rate(lane)
                | Reading::Increase(lane)
                | Reading::Gauge(lane)
                | Reading::Quantile { lane, .. } => (lane, None),
            };
            let words = match (missing.get(&lane), bad.and_then(|bad| missing.get(&bad))) {
                (Some(missing), _) => Some(missing.words().to_owned()),
                (None, Some(missing @ Missing::Label(_))) => {
                    Some(format!("`bad` can choose nothing: {}", missing.words()))
                }
                // Some services show no series of errors before there is one.
                (None, Some(Missing::SoFar(words))) if self.is_of_another_metric(lane, bad) => {
                    Some(format!("`bad` chooses nothing, which is taken for no errors: {words}"))
                }
                (None, _) => None,
            };
            if let Some(words) = words {
                self.say(notes, Some(&signal), format!("{signal}: {words}"));
            }
            if let (Reading::Quantile { .. }, Some(Lane::Histogram { name, .. })) =
                (reading, self.lanes.get(lane))
            {
                let shown: Vec<&Scraped> = scrapes.iter().map(|(scraped, _)| scraped).collect();
                if let Some(words) = incomplete(lane, name, &shown) {
                    self.say(notes, Some(&signal), format!("{signal}: {words}"));
                }
            }
            if let Reading::Quantile { lane, quantile: q } = reading
                && quantile(q, &self.buckets(lane)).place == Place::Beyond
            {
                let text = format!(
                    "`{signal}` lies above the histogram's highest bound; that bound is given, and the truth is higher"
                );
                self.say(notes, Some(&signal), text);
            }
        }
    }
}
