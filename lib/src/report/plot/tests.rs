//! Properties of plots: well-formed, inside the picture, the same as their table, and nothing lost.

use proptest::prelude::*;
use quick_xml::events::Event;

use super::scale::{HEIGHT, WIDTH};
use super::{Axis, Drawing, Line, Plot, Role, svg};
use crate::criterion::{Cmp, Direction};
use crate::gate::CriterionKind;
use crate::gate::trace::{Missing, MissingKind, Reading, Reason, Stretch, Trace};
use crate::policy::rules::ReadingKind;
use crate::report::Limit;
use crate::report::numbers::{self, Measure};
use crate::{Baseline, Duration, Finite, SignalName, Timestamp};

const STEP: Duration = Duration::from_secs(15);

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_secs(1_767_225_600) + Duration::from_secs(seconds)
}

fn known(seconds: u64, number: f64) -> Stretch {
    let reading = Reading { samples: 1, failed: 0, low: number, high: number, counts: None };
    Stretch { from: at(seconds), to: at(seconds), known: Some(reading), absent: None, widest: Duration::ZERO }
}

fn absent(seconds: u64, reason: usize) -> Stretch {
    let missing = Missing { samples: 1, reason };
    Stretch { from: at(seconds), to: at(seconds), known: None, absent: Some(missing), widest: Duration::ZERO }
}

fn trace(stretches: Vec<Stretch>) -> Trace {
    let reasons = vec![
        Reason { words: "timeout".into(), kind: MissingKind::NotKnown },
        Reason { words: "low-traffic".into(), kind: MissingKind::LowTraffic },
        Reason { words: "error: <b>&\u{202e}".into(), kind: MissingKind::NotKnown },
    ];
    Trace { stretches, reasons }
}

fn plot(trace: &Trace, threshold: f64, columns: usize) -> Plot {
    let to = trace.stretches.last().map_or(at(60), |last| last.to);
    let signal: SignalName = "latency_p95".parse().unwrap();
    let number = |number| Finite::new(number).unwrap();
    Plot::new(&Drawing {
        signal: &signal,
        measure: Measure::Seconds,
        reading: ReadingKind::Value,
        step: STEP,
        trace,
        baseline: Some(&Baseline::fixed(number(0.2))),
        lines: vec![Line { value: threshold, cmp: Cmp::Greater, kind: CriterionKind::Rollback }],
        limits: vec![Limit { threshold, direction: Direction::Above }],
        axis: Axis { from: at(0), watch_from: at(60), watch_to: at(900), to },
        role: Role::Judged,
        columns,
    })
}

/// Every point of a path, in its own units.
fn points(path: &str) -> Vec<(f64, f64)> {
    let (mut x, mut y) = (0.0, 0.0);
    let mut points = Vec::new();
    let mut rest = path;
    while let Some(command) = rest.chars().next() {
        let end = rest[1..].find(|c: char| c.is_ascii_alphabetic()).map_or(rest.len(), |end| end + 1);
        let numbers: Vec<f64> =
            rest[1..end].split_whitespace().map(|number| number.parse().unwrap()).collect();
        match (command, numbers.as_slice()) {
            ('M' | 'L', [to_x, to_y]) => (x, y) = (*to_x, *to_y),
            ('V', [to_y]) => y = *to_y,
            ('h', [0.0]) => {}
            ('v', [by]) => y += by,
            other => panic!("{other:?} in {path}"),
        }
        points.push((x, y));
        rest = &rest[end..];
    }
    points
}

/// Every attribute `d` of a well-formed picture, with the class of its element or of the one around it.
fn paths(svg: &str) -> Vec<(String, String)> {
    let mut reader = quick_xml::Reader::from_str(svg);
    let mut paths = Vec::new();
    let mut classes: Vec<String> = Vec::new();
    loop {
        let event = reader.read_event().unwrap_or_else(|error| panic!("{error} in\n{svg}"));
        let (tag, opens) = match &event {
            Event::Start(tag) => (tag, true),
            Event::Empty(tag) => (tag, false),
            Event::End(_) => {
                classes.pop();
                continue;
            }
            Event::Eof => break,
            Event::Comment(_) | Event::CData(_) | Event::PI(_) | Event::DocType(_) => panic!("{svg}"),
            _ => continue,
        };
        let read = |name: &str| {
            tag.attributes()
                .map(|attribute| attribute.unwrap())
                .find(|attribute| attribute.key.as_ref() == name)
                .map(|attribute| attribute.value.to_string())
        };
        let class = read("class").or_else(|| classes.last().cloned()).unwrap_or_default();
        if let Some(path) = read("d") {
            paths.push((class.clone(), path));
        }
        if opens {
            classes.push(class);
        }
    }
    assert!(classes.is_empty(), "{svg}");
    paths
}

fn check(plot: &Plot) {
    let svg = svg::render(plot, 0);
    assert_eq!(svg, svg::render(plot, 0));
    for (class, path) in paths(&svg) {
        for (x, y) in points(&path) {
            assert!((0.0..=WIDTH).contains(&x) && (0.0..=HEIGHT).contains(&y), "{class}: {x} {y} in {path}");
        }
    }
}

/// The pieces of the line, as the times between which it is drawn.
fn drawn(plot: &Plot) -> Vec<(f64, f64)> {
    let svg = svg::render(plot, 0);
    let run = paths(&svg).into_iter().find(|(class, _)| class == "run").map(|(_, path)| path);
    let mut pieces = Vec::new();
    for piece in run.unwrap_or_default().split('M').filter(|piece| !piece.is_empty()) {
        let points = points(&format!("M{piece}"));
        pieces.push((points[0].0, points[points.len() - 1].0));
    }
    pieces
}

#[test]
fn a_line_is_never_drawn_over_a_gap() {
    let stretches =
        vec![known(15, 0.1), known(30, 0.1), absent(45, 0), known(60, 0.1), known(120, 0.1), known(135, 0.1)];
    let plot = plot(&trace(stretches), 0.5, 240);
    let gaps: Vec<_> = plot.gaps.iter().map(|gap| (gap.from, gap.to)).collect();
    assert_eq!(gaps, [(at(30), at(45)), (at(60), at(105))]);
    assert_eq!(drawn(&plot).len(), 3);
    check(&plot);
}

#[test]
fn low_traffic_is_another_gap_than_silence() {
    let stretches =
        vec![known(15, 0.1), absent(30, 1), absent(45, 1), known(60, 0.1), absent(75, 2), known(90, 0.1)];
    let plot = plot(&trace(stretches), 0.5, 240);
    let kinds: Vec<_> = plot.gaps.iter().map(|gap| (gap.kind, gap.samples)).collect();
    assert_eq!(kinds, [(super::GapKind::LowTraffic, 2), (super::GapKind::NotKnown, 1)]);
    let svg = svg::render(&plot, 0);
    assert!(svg.contains("low-traffic (2 samples)") && svg.contains("class=\"gap quiet\""), "{svg}");
    assert!(!svg.contains("<b>") && !svg.contains('\u{202e}'), "{svg}");
}

#[test]
fn what_never_came_is_a_gap_from_end_to_end() {
    let empty = Trace::default();
    let plot = plot(&empty, 0.5, 240);
    assert_eq!(plot.gaps.len(), 1);
    assert_eq!((plot.gaps[0].from, plot.gaps[0].to), (at(0), at(60)));
    assert!(plot.description().starts_with("Never known."));
    check(&plot);
}

#[test]
fn a_breach_is_shaded_from_the_step_of_its_first_sample_to_its_last() {
    let stretches = (1..=10).map(|k| known(15 * k, if (4..=6).contains(&k) { 0.9 } else { 0.1 })).collect();
    let plot = plot(&trace(stretches), 0.5, 240);
    assert_eq!(plot.beyond.iter().map(|span| (span.from, span.to)).collect::<Vec<_>>(), [(at(45), at(90))]);
    assert!(svg::render(&plot, 0).contains("class=\"dot over\""));
}

#[test]
fn ten_thousand_samples_lose_no_peak_and_no_gap() {
    let mut stretches: Vec<Stretch> = (1..=10_000).map(|k| known(15 * k, 0.1)).collect();
    stretches[4321] = known(15 * 4322, 7.25);
    stretches[8765] = known(15 * 8766, 0.001);
    stretches[6000] = absent(15 * 6001, 0);
    let plot = plot(&trace(stretches), 0.5, 240);
    assert!(plot.columns.len() <= 240 && plot.grouped.is_some_and(|grouped| grouped.samples == 10_000));
    let rows: Vec<String> = plot.rows().map(|row| format!("{} {}", row.value, row.note)).collect();
    assert!(rows.iter().any(|row| row.contains("7.25s") && row.contains("beyond")), "{rows:?}");
    assert!(rows.iter().any(|row| row.contains("1ms to 100ms")), "{rows:?}");
    assert!(rows.iter().any(|row| row.contains("absent: timeout")), "{rows:?}");
    assert_eq!(plot.gaps.len(), 1);
    assert!(drawn(&plot).len() >= 2, "the line is parted at the gap");
    check(&plot);
    assert!(svg::render(&plot, 0).len() < 40_000);
}

#[test]
fn all_plots_of_a_page_share_its_room() {
    assert_eq!(super::columns_each(1), 240);
    assert_eq!(super::columns_each(12), 170);
    assert_eq!(super::columns_each(60), 40);
    assert_eq!(super::columns_each(0), 240);
}

prop_compose! {
    fn a_number()(kind in 0..6, number in any::<f64>(), small in 0.0..1.0_f64) -> f64 {
        match kind {
            0 if number.is_finite() => number,
            1 => f64::MAX,
            2 => -f64::MAX,
            3 => 0.0,
            _ => small,
        }
    }
}

prop_compose! {
    fn a_trace()(samples in prop::collection::vec((0_u64..40, prop::option::weighted(0.8, a_number()), 0_usize..5), 0..400)) -> Trace {
        let mut seconds = 0;
        let mut stretches = Vec::new();
        for (later, number, reason) in samples {
            seconds += later + 1;
            stretches.push(number.map_or_else(|| absent(seconds, reason), |number| known(seconds, number)));
        }
        trace(stretches)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_picture_is_well_formed_and_its_points_lie_inside(
        trace in a_trace(), threshold in a_number(), columns in 40_usize..300,
    ) {
        check(&plot(&trace, threshold, columns));
    }

    #[test]
    fn the_table_says_what_the_samples_said(trace in a_trace(), columns in 400_usize..500) {
        let plot = plot(&trace, 0.5, columns);
        prop_assert_eq!(plot.grouped, None);
        let rows: Vec<(String, String)> = plot.rows().map(|row| (numbers::clock(row.from), row.value)).collect();
        let samples: Vec<(String, String)> = trace
            .stretches
            .iter()
            .map(|stretch| {
                let value = stretch.known.map_or("\u{2013}".to_owned(), |known| Measure::Seconds.show(known.low));
                (numbers::clock(stretch.from), value)
            })
            .collect();
        prop_assert_eq!(rows, samples);
    }

    #[test]
    fn no_line_crosses_a_gap(trace in a_trace(), columns in 40_usize..300) {
        let plot = plot(&trace, 0.5, columns);
        for (from, to) in drawn(&plot) {
            for gap in &plot.gaps {
                let (begin, end) = (plot.axis.x(gap.from), plot.axis.x(gap.to));
                // A piece of the line ends before a gap or begins after it, but for the rounding of its places.
                let crosses = from <= begin - 1.0 && to >= end + 1.0;
                prop_assert!(!crosses, "{from} to {to} over {begin} to {end}");
            }
        }
    }

    #[test]
    fn however_many_columns_none_of_the_samples_is_lost(trace in a_trace(), columns in 40_usize..300) {
        let plot = plot(&trace, 0.5, columns);
        let counted = plot.columns.iter().map(|column| {
            column.known.map_or(0, |known| known.samples) + column.absent.as_ref().map_or(0, |absent| absent.samples)
        });
        prop_assert_eq!(counted.sum::<u64>(), trace.stretches.len() as u64);
        let extreme = |pick: fn(f64, f64) -> f64, of: fn(&Reading) -> f64| {
            let columns = plot.columns.iter().filter_map(|column| column.known).map(|known| of(&known)).reduce(pick);
            let samples = trace.stretches.iter().filter_map(|stretch| stretch.known).map(|known| of(&known)).reduce(pick);
            (columns, samples)
        };
        let (shown, seen) = extreme(f64::max, |known| known.high);
        prop_assert_eq!(shown, seen);
        let (shown, seen) = extreme(f64::min, |known| known.low);
        prop_assert_eq!(shown, seen);
    }
}
