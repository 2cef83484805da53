//! A plot as SVG, to stand inside an HTML page whose style sheet colours it.
//!
//! It is as wide as its place. What has to keep its shape (texts, hatching) is placed in percent of the width; only the line and its dots
//! are stretched, with strokes that are not. The same plot gives the same bytes everywhere.

use std::fmt::Write as _;

use super::gap::{Gap, GapKind};
use super::scale::{HEIGHT, WIDTH};
use super::{Column, Plot, Span};
use crate::gate::CriterionKind;
use crate::policy::rules::ReadingKind;
use crate::report::escape::xml;
use crate::report::numbers::{self, Measure};

/// Room above the picture, for a line of text.
const ABOVE: f64 = 18.0;
/// Room below it, for the times.
const BELOW: f64 = 20.0;
/// The height of the strip of counts.
const STRIP: f64 = 26.0;
/// Room above the strip, for a line of text.
const ABOVE_STRIP: f64 = 18.0;
/// Labels are at least so far apart.
const APART: f64 = 14.0;
/// The baseline's band is at least so high.
const THINNEST: f64 = 2.0;

/// The picture. `number` is the plot's number on its page, so that its parts can be named.
///
/// ```
/// use runbook_gate::gate::Outcome;
/// use runbook_gate::report::{Report, ReportContext, plot::svg};
///
/// let report = Report::of_gate(&Outcome::default(), &ReportContext::default());
/// assert!(report.plots().iter().map(|plot| svg::render(plot, 0)).all(|svg| svg.starts_with("<svg")));
/// ```
#[must_use]
pub fn render(plot: &Plot, number: usize) -> String {
    let strip = plot.columns.iter().any(|column| column.known.is_some_and(|known| known.counts.is_some()));
    let height = ABOVE + HEIGHT + BELOW + if strip { ABOVE_STRIP + STRIP } else { 0.0 };
    let mut picture = Picture { out: String::with_capacity(16 * 1024), plot };
    let signal = xml(plot.signal.as_str());
    let _ = write!(
        picture.out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot\" role=\"img\" aria-labelledby=\"p{number}t p{number}d\" width=\"100%\" height=\"{}\">\n\
         <title id=\"p{number}t\">{signal}, {} to {} UTC</title>\n<desc id=\"p{number}d\">{}</desc>\n",
        short(height),
        numbers::clock(plot.axis.from),
        numbers::clock(plot.axis.to),
        xml(&plot.description()),
    );
    picture.areas();
    picture.thresholds();
    picture.course();
    picture.labels();
    if strip {
        picture.counts();
    }
    picture.out.push_str("</svg>\n");
    picture.out
}

struct Picture<'p> {
    out: String,
    plot: &'p Plot,
}

impl Picture<'_> {
    /// What lies behind the line.
    fn areas(&mut self) {
        let axis = self.plot.axis;
        if axis.watch_from > axis.from {
            self.area(
                "warmup",
                Span { from: axis.from, to: axis.watch_from.min(axis.to) },
                "warm-up: counts for nothing",
            );
        }
        if axis.to > axis.watch_to {
            self.area("extension", Span { from: axis.watch_to, to: axis.to }, "the watch went on");
        }
        if let Some(baseline) = &self.plot.baseline {
            let (one, other) =
                (self.plot.scale.y(baseline.median.get()), self.plot.scale.y(baseline.p95.get()));
            let middle = (one + other) / 2.0;
            let half = ((one - other).abs() / 2.0).max(THINNEST / 2.0);
            let (low, high) = self.plot.measure.show_apart(baseline.median.get(), baseline.p95.get());
            let _ = writeln!(
                self.out,
                "<rect class=\"band\" x=\"0\" y=\"{}\" width=\"100%\" height=\"{}\"><title>baseline: median {}, p95 {}</title></rect>",
                short(ABOVE + (middle - half).max(0.0)),
                short(2.0 * half),
                xml(&low),
                xml(&high)
            );
        }
        for span in &self.plot.beyond {
            self.area("beyond", *span, "beyond a threshold");
        }
        for gap in &self.plot.gaps {
            let class = match gap.kind {
                GapKind::LowTraffic => "gap quiet",
                GapKind::NotKnown => "gap blind",
            };
            self.area(class, Span { from: gap.from, to: gap.to }, &said(gap));
        }
        for y in [ABOVE, ABOVE + HEIGHT] {
            let _ = writeln!(
                self.out,
                "<line class=\"edge\" x1=\"0\" x2=\"100%\" y1=\"{0}\" y2=\"{0}\"/>",
                short(y)
            );
        }
    }

    fn area(&mut self, class: &str, span: Span, words: &str) {
        let axis = self.plot.axis;
        let (from, to) = (axis.share(span.from) * 100.0, axis.share(span.to) * 100.0);
        let _ = writeln!(
            self.out,
            "<rect class=\"{class}\" x=\"{}%\" y=\"{}\" width=\"{}%\" height=\"{}\"><title>{} to {}: {}</title></rect>",
            percent(from),
            short(ABOVE),
            percent(to - from),
            short(HEIGHT),
            numbers::clock(span.from),
            numbers::clock(span.to),
            xml(words)
        );
    }

    fn thresholds(&mut self) {
        for line in &self.plot.lines {
            let y = ABOVE + self.plot.scale.y(line.value);
            let _ = writeln!(
                self.out,
                "<line class=\"{}\" x1=\"0\" x2=\"100%\" y1=\"{1}\" y2=\"{1}\"/>",
                match line.kind {
                    CriterionKind::Rollback => "rollback",
                    CriterionKind::Verify => "verify",
                },
                short(y)
            );
        }
    }

    /// The line, and a dot or a bar for each column.
    fn course(&mut self) {
        let _ = writeln!(
            self.out,
            "<svg y=\"{}\" width=\"100%\" height=\"{}\" viewBox=\"0 0 {} {}\" preserveAspectRatio=\"none\" overflow=\"visible\">",
            short(ABOVE),
            short(HEIGHT),
            short(WIDTH),
            short(HEIGHT)
        );
        let runs = self.runs();
        if !runs.is_empty() {
            let _ = writeln!(self.out, "<path class=\"run\" d=\"{runs}\"/>");
        }
        for (class, beyond) in [("dot", false), ("dot over", true)] {
            if !self.plot.columns.iter().any(|column| column.known.is_some() && column.beyond == beyond) {
                continue;
            }
            let _ = writeln!(self.out, "<g class=\"{class}\">");
            for column in self.plot.columns.iter().filter(|column| column.beyond == beyond) {
                self.mark(column);
            }
            self.out.push_str("</g>\n");
        }
        self.out.push_str("</svg>\n");
    }

    /// Lines from column to column, never over a gap.
    fn runs(&self) -> String {
        let mut path = String::new();
        let mut gaps = self.plot.gaps.iter().peekable();
        let mut before: Option<&Column> = None;
        for column in &self.plot.columns {
            let Some((x, low, high)) = self.place(column) else {
                continue;
            };
            // A gap inside either of two columns parts them as well.
            let joined = before.is_some_and(|before| {
                while gaps.next_if(|gap| gap.to <= before.from).is_some() {}
                gaps.peek().is_none_or(|gap| gap.from >= column.to)
            });
            let _ = write!(path, "{}{} {}", if joined { 'L' } else { 'M' }, whole_number(x), short(low));
            if low != high {
                let _ = write!(path, "V{}", short(high));
            }
            before = Some(column);
        }
        path
    }

    fn mark(&mut self, column: &Column) {
        let Some((x, low, high)) = self.place(column) else { return };
        let row = self.plot.row(column);
        let times = match row.from == row.to {
            true => numbers::clock(row.from),
            false => format!("{} to {}", numbers::clock(row.from), numbers::clock(row.to)),
        };
        let counts = row.counts.map(|counts| format!(" ({counts})")).unwrap_or_default();
        let note = if row.note.is_empty() { String::new() } else { format!(", {}", row.note) };
        let _ = write!(self.out, "<path d=\"M{} {}", whole_number(x), short(low));
        let _ = match low == high {
            true => write!(self.out, "h0"),
            false => write!(self.out, "V{}", short(high)),
        };
        let _ = writeln!(
            self.out,
            "\"><title>{times} {}</title></path>",
            xml(&format!("{}{counts}{note}", row.value))
        );
    }

    /// Where a column is, and from where to where it reaches.
    fn place(&self, column: &Column) -> Option<(f64, f64, f64)> {
        let known = column.known?;
        let middle = self.plot.axis.x(column.from) / 2.0 + self.plot.axis.x(column.to) / 2.0;
        Some((middle, self.plot.scale.y(known.low), self.plot.scale.y(known.high)))
    }

    fn labels(&mut self) {
        let (plot, scale) = (self.plot, self.plot.scale);
        let (top, bottom) = match plot.reading {
            ReadingKind::State => (Measure::State.show(1.0), Measure::State.show(0.0)),
            ReadingKind::Counts | ReadingKind::Value => {
                (plot.measure.show(scale.top), plot.measure.show(scale.bottom))
            }
        };
        self.text("scale", "0", ABOVE - 5.0, &top);
        self.text("scale", "0", ABOVE + HEIGHT - 4.0, &bottom);
        let times = ABOVE + HEIGHT + 14.0;
        self.text("time", "0", times, &numbers::clock(plot.axis.from));
        self.text("time end", "100%", times, &format!("{} UTC", numbers::clock(plot.axis.to)));
        for (kind, class, x) in
            [(CriterionKind::Rollback, "limit end", "100%"), (CriterionKind::Verify, "limit middle", "48%")]
        {
            let mut lines: Vec<(f64, String)> = plot
                .lines
                .iter()
                .filter(|line| line.kind == kind)
                .map(|line| (ABOVE + scale.y(line.value) - 4.0, line.label(plot.measure)))
                .collect();
            lines.sort_by(|one, other| one.0.total_cmp(&other.0));
            apart(&mut lines);
            for (y, label) in lines {
                self.text(class, x, y, &label);
            }
        }
    }

    fn text(&mut self, class: &str, x: &str, y: f64, words: &str) {
        let _ =
            writeln!(self.out, "<text class=\"{class}\" x=\"{x}\" y=\"{}\">{}</text>", short(y), xml(words));
    }

    /// How much was counted in each column, below a ratio.
    fn counts(&mut self) {
        let counts = || {
            self.plot.columns.iter().filter_map(|column| {
                let (part, whole) = column.known?.counts?;
                Some((self.place(column)?.0, part, whole))
            })
        };
        let most = counts().map(|(_, _, whole)| whole).fold(0.0, f64::max);
        if most <= 0.0 {
            return;
        }
        let mut bars = String::new();
        for (x, _, whole) in counts().filter(|(_, _, whole)| *whole > 0.0) {
            let size = (whole / most * STRIP).max(1.0);
            let _ = write!(bars, "M{} {}v{}", whole_number(x), short(STRIP), short(-size));
        }
        let (part, whole) =
            counts().fold((0.0, 0.0), |(part, whole), (_, more, of)| (part + more, whole + of));
        let top = ABOVE + HEIGHT + BELOW + ABOVE_STRIP;
        let words =
            format!("counted: {}; the highest bar is {}", numbers::of(part, whole), numbers::count(most));
        self.text("scale", "0", top - 5.0, &words);
        let _ = writeln!(
            self.out,
            "<svg y=\"{}\" width=\"100%\" height=\"{}\" viewBox=\"0 0 {} {}\" preserveAspectRatio=\"none\" overflow=\"visible\">\n\
             <path class=\"all\" d=\"{bars}\"/>\n</svg>",
            short(top),
            short(STRIP),
            short(WIDTH),
            short(STRIP)
        );
    }
}

/// Moves labels, in order, so that none lies on another: down, and up again from the lower edge.
fn apart(labels: &mut [(f64, String)]) {
    let mut least = ABOVE - 5.0;
    for (y, _) in labels.iter_mut() {
        *y = y.max(least);
        least = *y + APART;
    }
    let mut most = ABOVE + HEIGHT - 4.0;
    for (y, _) in labels.iter_mut().rev() {
        *y = y.min(most);
        most = *y - APART;
    }
}

/// `low-traffic (5 samples)`
fn said(gap: &Gap) -> String {
    let samples = match gap.samples {
        0 => String::new(),
        1 => " (1 sample)".to_owned(),
        more => format!(" ({} samples)", numbers::count(more as f64)),
    };
    format!("{}{samples}", gap.words)
}

/// A place along the picture: less than a pixel is not seen there.
fn whole_number(number: f64) -> String {
    format!("{number:.0}")
}

/// A length with at most one decimal.
fn short(number: f64) -> String {
    trimmed(format!("{number:.1}"))
}

/// A share of the width with at most three decimals: a fifth of a pixel.
pub(in crate::report) fn percent(number: f64) -> String {
    trimmed(format!("{number:.3}"))
}

fn trimmed(text: String) -> String {
    match text.trim_end_matches('0').trim_end_matches('.') {
        "-0" | "" => "0".to_owned(),
        trimmed => trimmed.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_thresholds_that_are_near_each_other_stand_apart() {
        let placed = |places: &[f64]| {
            let mut labels: Vec<(f64, String)> = places.iter().map(|y| (*y, String::new())).collect();
            apart(&mut labels);
            labels.into_iter().map(|(y, _)| y).collect::<Vec<_>>()
        };
        let bottom = ABOVE + HEIGHT - 4.0;
        assert_eq!(placed(&[60.0]), [60.0]);
        assert_eq!(placed(&[60.0, 61.0]), [60.0, 74.0]);
        assert_eq!(placed(&[bottom, bottom, bottom + 9.0]), [bottom - 28.0, bottom - 14.0, bottom]);
        assert_eq!(placed(&[0.0]), [ABOVE - 5.0]);
    }
}
