//! Golden vectors of both exposition formats.

use super::super::exposition::{Dialect, Item, read};

/// What an exposition says, a line each; or what is wrong.
fn said(text: &str, dialect: Dialect) -> Result<Vec<String>, String> {
    let mut items = Vec::new();
    read(text.as_bytes(), dialect, |item| {
        items.push(match item {
            Item::Sample { name, labels, value, .. } => {
                let labels: Vec<String> =
                    labels.iter().map(|(label, value)| format!("{label}={value:?}")).collect();
                format!("{name} {} {value}", labels.join(","))
            }
            Item::Summary { name } => format!("summary {name}"),
            Item::NotANumber => "not a number".to_owned(),
        });
    })
    .map_err(|error| error.to_string())?;
    Ok(items)
}

#[test]
fn reads_the_example_of_the_text_formats_documentation() {
    let text = r##"# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\DIR\\FILE.TXT",error="Cannot find file:\n\"FILE.TXT\""} 1.458255915e9

# Minimalistic line:
metric_without_timestamp_and_labels 12.47

# A weird metric from before the epoch:
something_weird{problem="division by zero"} +Inf -3982045

# A histogram, which has a pretty complex representation in the text format:
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.05"} 24054
http_request_duration_seconds_bucket{le="+Inf"} 144320
# TYPE rpc_duration_seconds summary
rpc_duration_seconds{quantile="0.01"} 3102
"##;
    let expected = [
        r#"http_requests_total method="post",code="200" 1027"#,
        r#"http_requests_total method="post",code="400" 3"#,
        r#"msdos_file_access_time_seconds path="C:\\DIR\\FILE.TXT",error="Cannot find file:\n\"FILE.TXT\"" 1458255915"#,
        "metric_without_timestamp_and_labels  12.47",
        r#"something_weird problem="division by zero" inf"#,
        r#"http_request_duration_seconds_bucket le="0.05" 24054"#,
        r#"http_request_duration_seconds_bucket le="+Inf" 144320"#,
        "summary rpc_duration_seconds",
        r#"rpc_duration_seconds quantile="0.01" 3102"#,
    ];
    assert_eq!(said(text, Dialect::Text).unwrap(), expected);
}

#[test]
fn reads_openmetrics_with_exemplars_created_samples_and_its_end() {
    let text = r##"# TYPE acme_http_router_request_seconds summary
# UNIT acme_http_router_request_seconds seconds
acme_http_router_request_seconds_sum{path="/api/v1",method="GET"} 9036.32 1395066363.123
acme_http_router_request_seconds_created{path="/api/v1",method="GET"} 1605281325.0
# TYPE foo histogram
foo_bucket{le="0.1"} 8 # {} 0.054
foo_bucket{le="1.0"} 11 1.5 # {trace_id="KOO5S4v{xx0\"#o"} 0.67 1520879607.789
foo_bucket{le="+Inf"} 17 # {trace_id="oHg5SJYRHA0"} 9.8
native {schema:0,zero_threshold:0.1}
# EOF
"##;
    let expected = [
        "summary acme_http_router_request_seconds",
        r#"acme_http_router_request_seconds_sum path="/api/v1",method="GET" 9036.32"#,
        r#"acme_http_router_request_seconds_created path="/api/v1",method="GET" 1605281325"#,
        r#"foo_bucket le="0.1" 8"#,
        r#"foo_bucket le="1.0" 11"#,
        r#"foo_bucket le="+Inf" 17"#,
        "not a number",
    ];
    assert_eq!(said(text, Dialect::OpenMetrics).unwrap(), expected);
}

#[test]
fn tolerates_what_servers_tolerate() {
    for (what, text, expected) in [
        ("Windows line ends", "a 1\r\nb 2\r\n", vec!["a  1", "b  2"]),
        ("spaces and tabs", " \ta\t{ x = \"1\" , }  1 \n", vec!["a x=\"1\" 1"]),
        ("empty labels", "a{} 1\n", vec!["a  1"]),
        ("a value behind the brace", "a{x=\"1\"}1\n", vec!["a x=\"1\" 1"]),
        ("a brace in a value", "a{x=\"}\"} 1\n", vec!["a x=\"}\" 1"]),
        ("an unknown escape", "a{x=\"\\d\"} 1\n", vec![r#"a x="\\d" 1"#]),
        ("a byte order mark", "\u{feff}a 1\n", vec!["a  1"]),
        ("a quoted name", "{\"my.metric\",x=\"1\"} 1\n", vec![r#"my.metric x="1" 1"#]),
        ("a quoted label", "a{\"x.y\"=\"1\"} 1\n", vec![r#"a x.y="1" 1"#]),
        ("colons in names", "a:b:rate5m 1\n", vec!["a:b:rate5m  1"]),
        ("NaN", "a NaN\n", vec!["a  NaN"]),
        ("any comment", "#\n# \n#x\n# TYPE\n# EOF\na 1\n", vec!["a  1"]),
        ("nothing", "", vec![]),
    ] {
        assert_eq!(said(text, Dialect::Text).unwrap(), expected, "{what}");
    }
}

#[test]
fn says_what_is_wrong_and_in_which_line() {
    for (text, error) in [
        ("a 1\nb\n", "line 2: the value is missing: `b`"),
        ("a x\n", "line 1: the value is not a number: `a x`"),
        ("1a 1\n", "line 1: a metric's name cannot begin with a digit: `1a 1`"),
        ("a{x} 1\n", "line 1: `=` is expected behind a label's name: `a{x} 1`"),
        ("a{x=1} 1\n", "line 1: a label's value must be in quotes: `a{x=1} 1`"),
        ("a{x=\"1} 1\n", "line 1: a quote is not closed: `a{x=\"1} 1`"),
        ("a{x=\"1\\\n", "line 1: a quote is not closed: `a{x=\"1\\`"),
        ("a{x=\"1\" y=\"2\"} 1\n", "line 1: `,` or `}` is expected behind a label: `a{x=\"1\" y=\"2\"} 1`"),
        ("a{x=\"1\",x=\"2\"} 1\n", "line 1: a label stands twice: `a{x=\"1\",x=\"2\"} 1`"),
        ("{x=\"1\"} 1\n", "line 1: a metric's name is missing: `{x=\"1\"} 1`"),
        ("a 1 soon\n", "line 1: what follows the value is not a timestamp: `a 1 soon`"),
        ("a 1 2 3\n", "line 1: something follows the timestamp: `a 1 2 3`"),
        ("a 1 1.5\n", "line 1: what follows the value is not a timestamp: `a 1 1.5`"),
    ] {
        assert_eq!(said(text, Dialect::Text), Err(error.to_owned()), "{text}");
    }
    assert_eq!(
        said("a 1\n", Dialect::OpenMetrics),
        Err("line 2: `# EOF` is missing: the answer is cut off".into())
    );
    assert_eq!(said("# EOF\na 1\n", Dialect::OpenMetrics), Err("line 2: something follows `# EOF`".into()));
    assert!(
        said(&format!("a{{x=\"{}\"}} 1", "y".repeat(70_000)), Dialect::Text)
            .unwrap_err()
            .contains("more than")
    );
    let labels: Vec<String> = (0..200).map(|index| format!("l{index}=\"\"")).collect();
    assert!(
        said(&format!("a{{{}}} 1", labels.join(",")), Dialect::Text).unwrap_err().contains("too many labels")
    );
    let bytes = read(b"a 1\nb\xff 1\n", Dialect::Text, |_| {}).unwrap_err();
    assert_eq!(bytes.to_string(), "line 2: it is not UTF-8");
}

#[test]
fn a_page_that_ends_inside_its_last_line_is_cut_off() {
    let cut = |line| {
        Err(format!("line {line}: the page is cut off in this, its last line: no line end stands behind it"))
    };
    assert_eq!(said("a 1\nb 20", Dialect::Text), cut(2), "it may have been `b 2000`");
    assert_eq!(said("a 1\r\nb 20\r", Dialect::Text), cut(2));
    assert_eq!(said("a 1\n# HEL", Dialect::Text), cut(2), "what follows the comment is not known");
    assert_eq!(said("a 1\n ", Dialect::Text), cut(2));
    assert_eq!(said("a 1\n# EOF", Dialect::Text), cut(2), "in Prometheus text it is a comment");
    assert_eq!(said("a 1\n# EOF", Dialect::OpenMetrics).unwrap(), ["a  1"], "the end mark is whole");
    assert!(said("\u{feff}", Dialect::Text).unwrap().is_empty());
}
