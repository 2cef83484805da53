//! What holds for any exposition and any counters.

use proptest::prelude::*;

use super::super::exposition::{self, Dialect};
use super::super::lane::{Growth, Lane, scrape};
use super::super::{Reading, Scrape};
use super::spec;
use crate::policy::source_spec::ScrapeRead;
use crate::sample;
use crate::source::double::{Network, ok};
use crate::source::selector::Selector;

fn lanes() -> Vec<Lane> {
    vec![
        Lane::Counter(Selector::parse("c").unwrap()),
        Lane::Histogram { buckets: Selector::parse("h_bucket").unwrap(), name: "h".into() },
    ]
}

proptest! {
    #[test]
    fn no_bytes_make_a_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for dialect in [Dialect::Text, Dialect::OpenMetrics] {
            let _ = exposition::read(&bytes, dialect, |_| {});
        }
    }

    #[test]
    fn no_text_of_the_formats_characters_makes_a_parser_panic(
        text in r#"([a-c{}="\\,#\n\r\t ä.0-9]|le=|_bucket|# EOF|# TYPE|NaN|Inf){0,120}"#
    ) {
        for dialect in [Dialect::Text, Dialect::OpenMetrics] {
            let _ = exposition::read(text.as_bytes(), dialect, |_| {});
        }
        let _ = Selector::parse(&text);
        let _ = Selector::parse_labels(&text);
        let _ = crate::source::preset::prometheus("http-server", &text);
    }

    #[test]
    fn counters_that_fall_never_give_a_negative_increase(
        values in prop::collection::vec((0.0_f64..1e6, 0.0_f64..1e6, 0.0_f64..1e6), 2..12)
    ) {
        let mut before = None;
        for (count, low, high) in values {
            let text = format!(
                "c{{a=\"1\"}} {count}\nc{{a=\"2\"}} {low}\nh_bucket{{le=\"1\"}} {low}\nh_bucket{{le=\"+Inf\"}} {}\n",
                low + high
            );
            let now = scrape(&lanes(), text.as_bytes(), Dialect::Text).unwrap();
            if let Some(before) = before.replace(now.clone()) {
                let before: super::super::Scraped = before;
                for (now, before) in now.shown.iter().zip(&before.shown) {
                    match now.growth(before).0 {
                        Growth::Nothing => {}
                        Growth::Count(count) => prop_assert!(count >= 0.0),
                        Growth::Buckets(buckets) => prop_assert!(buckets.values().all(|count| *count >= 0.0)),
                    }
                }
            }
        }
    }

    #[test]
    fn lost_scrapes_lose_no_event(
        steps in prop::collection::vec((0_u32..1000, 0_u32..10, any::<bool>()), 1..20)
    ) {
        let read = ScrapeRead::Ratio { bad: "c{a=\"2\"}".into(), total: "c".into() };
        let mut source = Scrape::new(&spec(&["http://orders/metrics"], vec![("e", read)])).unwrap();
        let counts = matches!(source.signals[0].1, Reading::Ratio { .. });
        prop_assert!(counts);
        let (mut good, mut bad) = (7_u64, 7_u64);
        let (mut seen_bad, mut seen_total) = (0.0, 0.0);
        let mut at = 1000;
        let count = steps.len();
        Network::new(|_| ok("c{a=\"1\"} 7\nc{a=\"2\"} 7\n")).poll(&mut source, at);
        for (index, (more_good, more_bad, lost)) in steps.into_iter().enumerate() {
            good += u64::from(more_good);
            bad += u64::from(more_bad);
            at += 15;
            let lost = lost && index + 1 < count;
            let network = Network::new(move |_| {
                if lost { super::timeout() } else { ok(&format!("c{{a=\"1\"}} {good}\nc{{a=\"2\"}} {bad}\n")) }
            });
            for observation in network.poll(&mut source, at).observations {
                if let sample::Sample::Known(sample::Reading::Counts(counts)) = observation.sample {
                    seen_bad += counts.bad();
                    seen_total += counts.total();
                }
            }
        }
        prop_assert_eq!((seen_bad, seen_total), ((bad - 7) as f64, (good + bad - 14) as f64));
    }
}
