//! What a scrape is read for: series chosen by a selector, and how their counters grow.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::exposition::{self, Dialect, Item};
use super::histogram::{Bound, Buckets, add};
use crate::source::remark::bounded;
use crate::source::selector::Selector;

/// Series that are read together.
#[derive(Clone, Debug)]
pub(super) enum Lane {
    /// Counters: their growth is added up.
    Counter(Selector),
    /// Gauges: their values are added up.
    Gauge(Selector),
    /// The buckets of histograms: their growth is added up, bound by bound.
    Histogram {
        /// The series `…_bucket`.
        buckets: Selector,
        /// The metric without its suffix, to tell a summary.
        name: String,
    },
}

/// What one scrape of a target showed in a lane, by series. Ordered, so that sums come out alike everywhere.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shown {
    Counters(BTreeMap<String, f64>),
    Gauges(BTreeMap<String, f64>),
    Histograms(BTreeMap<String, Buckets>),
}

/// How much a lane's counters grew.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Growth {
    Nothing,
    Count(f64),
    Buckets(Buckets),
}

/// What one scrape of a target showed.
#[derive(Clone, Debug)]
pub(super) struct Scraped {
    /// One for each lane.
    pub(super) shown: Vec<Shown>,
    /// `process_start_time_seconds`, where it is exposed.
    pub(super) started: Option<f64>,
    /// Metrics that are summaries, of those that a lane takes for a histogram.
    pub(super) summaries: Vec<String>,
    /// Samples that are native histograms.
    pub(super) native: usize,
}

/// The longest name or series that is shown.
const LONGEST: usize = 80;

/// The most series of one lane.
const MOST_SERIES: usize = 50_000;

/// Reads an exposition for some lanes.
pub(super) fn scrape(lanes: &[Lane], body: &[u8], dialect: Dialect) -> Result<Scraped, String> {
    let mut scraped = Scraped {
        shown: lanes.iter().map(Lane::empty).collect(),
        started: None,
        summaries: Vec::new(),
        native: 0,
    };
    let mut wrong: Option<String> = None;
    exposition::read(body, dialect, |item| match item {
        Item::Sample { name, labels, value, line } => {
            if name == "process_start_time_seconds" && labels.is_empty() {
                scraped.started = Some(value);
            }
            for (lane, shown) in lanes.iter().zip(&mut scraped.shown) {
                if wrong.is_none()
                    && let Err(why) = lane.take(shown, name, labels, value)
                {
                    wrong = Some(match why {
                        Wrong::Said(why) => why,
                        Wrong::Twice(place) => {
                            let first = lane.first_line(&place, body, dialect);
                            let series = bounded(&exposition::written(name, labels), LONGEST);
                            format!(
                                "the series `{series}` stands twice on the page, in lines {first} and {line}: \
                                 which of its numbers is true cannot be told"
                            )
                        }
                    });
                }
            }
        }
        Item::Summary { name } => {
            let taken = |lane: &Lane| matches!(lane, Lane::Histogram { name: wanted, .. } if wanted == name);
            if lanes.iter().any(taken) {
                scraped.summaries.push(name.to_owned());
            }
        }
        Item::NotANumber => scraped.native += 1,
    })
    .map_err(|error| format!("what it exposes cannot be read: {error}"))?;
    match wrong {
        Some(why) => Err(why),
        None => Ok(scraped),
    }
}

type Labels<'l> = [(Cow<'l, str>, Cow<'l, str>)];

/// Where a lane keeps a sample: its series, and its bound in a histogram.
type Place = (String, Option<Bound>);

/// What is wrong with a sample.
enum Wrong {
    /// In words.
    Said(String),
    /// Another line has told of this place before.
    Twice(Place),
}

impl Lane {
    /// What chooses its series.
    pub(super) const fn selector(&self) -> &Selector {
        let (Self::Counter(selector) | Self::Gauge(selector) | Self::Histogram { buckets: selector, .. }) =
            self;
        selector
    }

    fn empty(&self) -> Shown {
        match self {
            Self::Counter(_) => Shown::Counters(BTreeMap::new()),
            Self::Gauge(_) => Shown::Gauges(BTreeMap::new()),
            Self::Histogram { .. } => Shown::Histograms(BTreeMap::new()),
        }
    }

    /// Takes a sample if it is of this lane.
    fn take(&self, shown: &mut Shown, name: &str, labels: &Labels<'_>, value: f64) -> Result<(), Wrong> {
        if !self.selector().chooses(name, labels) {
            return Ok(());
        }
        let is_gauge = matches!(self, Self::Gauge(_));
        let counts = value.is_finite() && value >= 0.0;
        if !is_gauge && !counts {
            let name = bounded(name, LONGEST);
            return Err(Wrong::Said(format!("the counter {name} is {value}, which no counter can be")));
        }
        let Some(place) = self.place(name, labels) else {
            let name = bounded(name, LONGEST);
            return Err(Wrong::Said(format!("a bucket of {name} has no number as its `le`")));
        };
        if shown.has(&place) {
            return Err(Wrong::Twice(place));
        }
        if shown.put(place, value) > MOST_SERIES {
            let name = bounded(name, LONGEST);
            return Err(Wrong::Said(format!("more than {MOST_SERIES} series of {name} are chosen")));
        }
        Ok(())
    }

    /// Where it keeps a series that it chooses; nothing for a bucket without a bound.
    fn place(&self, name: &str, labels: &Labels<'_>) -> Option<Place> {
        if !matches!(self, Self::Histogram { .. }) {
            return Some((key(name, labels, ""), None));
        }
        let (_, bound) = labels.iter().find(|(label, _)| label == "le")?;
        let bound = bound.parse::<f64>().ok().filter(|bound| !bound.is_nan())?;
        Some((key(name, labels, "le"), Some(Bound(bound))))
    }

    /// The first line that tells of a place. It is looked for when it is asked for: pages without mistakes pay nothing.
    fn first_line(&self, place: &Place, body: &[u8], dialect: Dialect) -> usize {
        let mut first = None;
        // What else is wrong with the page is not asked here.
        let _ = exposition::read(body, dialect, |item| {
            if let Item::Sample { name, labels, line, .. } = item
                && first.is_none()
                && self.selector().chooses(name, labels)
                && self.place(name, labels).as_ref() == Some(place)
            {
                first = Some(line);
            }
        });
        first.unwrap_or(0)
    }
}

/// A series' name and labels, in order, without one label.
fn key(name: &str, labels: &Labels<'_>, without: &str) -> String {
    let mut sorted: Vec<&(Cow<'_, str>, Cow<'_, str>)> =
        labels.iter().filter(|(label, _)| label != without).collect();
    sorted.sort();
    let mut key = name.to_owned();
    for (label, value) in sorted {
        // The length keeps two series apart whose values hold each other's labels.
        key.push_str(&format!("\u{0}{label}={}:{value}", value.len()));
    }
    key
}

impl Shown {
    fn has(&self, (series, bound): &Place) -> bool {
        match (self, bound) {
            (Self::Counters(known) | Self::Gauges(known), _) => known.contains_key(series),
            (Self::Histograms(known), Some(bound)) => {
                known.get(series).is_some_and(|buckets| buckets.contains_key(bound))
            }
            (Self::Histograms(_), None) => false,
        }
    }

    /// Keeps a number; gives how many series there are.
    fn put(&mut self, (series, bound): Place, value: f64) -> usize {
        match (&mut *self, bound) {
            (Self::Counters(known) | Self::Gauges(known), _) => {
                known.insert(series, value);
            }
            (Self::Histograms(known), Some(bound)) => {
                known.entry(series).or_default().insert(bound, value);
            }
            (Self::Histograms(_), None) => {}
        }
        self.series()
    }

    /// How much it grew since `before`, and how many series began anew. A series that was not there before grew from
    /// nothing; one that fell began anew at nothing.
    pub(super) fn growth(&self, before: &Self) -> (Growth, usize) {
        match (self, before) {
            (Self::Counters(now), Self::Counters(before)) => {
                let (mut sum, mut resets) = (0.0, 0);
                for (key, now) in now {
                    match before.get(key) {
                        Some(before) if before <= now => sum += now - before,
                        Some(_) => {
                            resets += 1;
                            sum += now;
                        }
                        None => sum += now,
                    }
                }
                (Growth::Count(sum), resets)
            }
            (Self::Histograms(now), Self::Histograms(before)) => {
                let (mut sum, mut resets) = (Buckets::new(), 0);
                for (key, now) in now {
                    let Some(before) = before.get(key) else {
                        add(&mut sum, now);
                        continue;
                    };
                    // A histogram begins anew as a whole: one bucket that fell shows it.
                    let fell = |(bound, count): (&Bound, &f64)| {
                        before.get(bound).is_some_and(|before| before > count)
                    };
                    if now.iter().any(fell) {
                        resets += 1;
                        add(&mut sum, now);
                    } else {
                        let grown = |(bound, count): (&Bound, &f64)| {
                            (*bound, count - before.get(bound).copied().unwrap_or(0.0))
                        };
                        add(&mut sum, &now.iter().map(grown).collect());
                    }
                }
                (Growth::Buckets(sum), resets)
            }
            _ => (Growth::Nothing, 0),
        }
    }

    /// Nothing of the same kind: what a restarted target had before.
    pub(super) fn cleared(&self) -> Self {
        match self {
            Self::Counters(_) => Self::Counters(BTreeMap::new()),
            Self::Gauges(_) => Self::Gauges(BTreeMap::new()),
            Self::Histograms(_) => Self::Histograms(BTreeMap::new()),
        }
    }

    /// How many series it has.
    pub(super) fn series(&self) -> usize {
        match self {
            Self::Counters(series) | Self::Gauges(series) => series.len(),
            Self::Histograms(series) => series.len(),
        }
    }
}

impl Growth {
    /// Adds another growth of the same lane.
    pub(super) fn join(&mut self, more: Self) {
        match (&mut *self, more) {
            (_, Self::Nothing) => {}
            (Self::Count(sum), Self::Count(more)) => *sum += more,
            (Self::Buckets(sum), Self::Buckets(more)) => add(sum, &more),
            (growth, more) => *growth = more,
        }
    }
}
