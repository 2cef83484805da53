//! What authors get wrong, and what they are told to write instead.

use super::{PolicyFile, today, with};
use crate::diagnostic::{Code, Diagnostics, Severity};

fn wrong(text: &str) -> Diagnostics {
    PolicyFile::parse("runbook.yml", text, today()).unwrap_err()
}

/// The only finding: where it points, what it says, what it advises.
fn only(text: &str) -> (String, String, String) {
    let found = wrong(text);
    let all: Vec<_> = found.iter().collect();
    let [one] = all.as_slice() else { panic!("{found}") };
    let place = text[one.span().start..one.span().end].to_owned();
    (place, one.message().to_owned(), one.suggestions().join("; "))
}

/// Policies with one mistake: the keys, where the finding points, and what it advises.
fn advised(mistakes: &[(&str, &str, &str)]) {
    for (keys, place, help) in mistakes {
        let (pointed, message, said) = only(&with(keys));
        assert_eq!((pointed.as_str(), said.as_str()), (*place, *help), "{keys}\n{message}");
    }
}

/// Criteria with one mistake: the text, where the finding points, and what it advises.
fn criteria(mistakes: &[(&str, &str, &str)]) {
    for (criterion, place, help) in mistakes {
        let (pointed, message, said) = only(&with(&format!("gate: {{ verify: ['{criterion}'] }}")));
        assert_eq!((pointed.as_str(), said.as_str()), (*place, *help), "{criterion}\n{message}");
    }
}

#[test]
fn a_key_without_its_colon_is_pointed_at() {
    advised(&[
        ("gate:\n  observe 10m\n  warmup: 1m", "observe 10m", "write `observe: 10m`"),
        ("gate:\n  warmup: 1m\n  observe 10m # long\n", "observe 10m", "write `observe: 10m`"),
        ("gate\n  observe: 10m", "gate", "write `gate:`"),
        ("owners [a]", "owners [a]", "write `owners: [a]`"),
    ]);
    let (place, ..) = only("version 1\nservice: orders");
    assert_eq!(place, "version 1");
}

#[test]
fn tabs_and_characters_that_are_no_text_are_pointed_at() {
    advised(&[
        ("gate:\n  observe: 10m\n\twarmup: 1m", "\t", "YAML indents with spaces only"),
        ("gate:\n\tobserve: 10m", "\t", "YAML indents with spaces only"),
        ("gate: \0", "\0", "a policy is UTF-8 text: save it as such, or remove the character"),
    ]);
}

#[test]
fn a_merge_key_is_said_once_and_nothing_of_what_it_would_bring() {
    let text = "version: 1\nservice: a\nprobe: { <<: *x, timeout: 3s }\n";
    let found = wrong(&format!("{text}vars: &x {{ a: b }}\n"));
    assert!(found.to_string().contains("a policy has no merge keys (`<<`)"), "{found}");
    assert!(!found.to_string().contains("needs the key"), "{found}");
    let (place, _, help) = only("version: 1\nservice: a\nprobe: { <<: { url: \"https://a\" } }\n");
    assert_eq!(place, "<<");
    assert!(help.contains("an anchor and its alias work for a whole value"), "{help}");
}

#[test]
fn a_key_at_a_wrong_place_is_told_its_place() {
    advised(&[
        ("rollback_when: [health failing]", "rollback_when", "`rollback_when` belongs under `gate`"),
        ("observe: 10m", "observe", "`observe` belongs under `gate`"),
        ("rollback: { verify: [health passing] }", "verify", "`verify` belongs under `gate`"),
        ("gate: { notify: [] }", "notify", "`notify` belongs under `rollback`"),
        ("gate:\n  signals: {}", "signals", "`signals` belongs at the top of the file, without indentation"),
    ]);
}

#[test]
fn what_is_written_in_another_shape_is_told_its_own() {
    advised(&[
        ("presets:\n  prometheus: { preset: aspnet }", "prometheus", "begin each entry with `- `"),
        ("environments: [staging, production]", "[staging", "write each by its name: `staging: …`"),
        (
            "environments:\n  - name: staging\n    enforcement: advise",
            "- name",
            "write each by its name: `staging: …`",
        ),
        ("signals:\n  - name: kpi\n    command: { run: [x] }", "- name", "write each by its name: `kpi: …`"),
        (
            "environments: { staging: advise }",
            "advise",
            "write it as a mapping with keys: `enforcement`, `azure_environment`, `vars`, `url`",
        ),
        (
            "environments: { staging: }",
            "staging",
            "write a value, or `{}` where each of its keys has a default",
        ),
        ("prometheus: http://127.0.0.1:9", "http://127.0.0.1:9", "write `{ url: \"…\" }`"),
        (
            "prometheus: { url: http://127.0.0.1:9 }\nsignals: { kpi: { prometheus: up } }",
            "up",
            "write `{ query: \"…\" }`",
        ),
        (
            "prometheus: { url: http://127.0.0.1:9 }\nsignals: { kpi: { prometheus: { query: {a=\"b\"} } } }",
            "a=\"b\"",
            "put quotes around a text that begins with `{` or contains `: `",
        ),
        (
            "gate:\n  verify:\n    - health: passing",
            "health",
            "write the whole of it in quotes, such as `\"error_rate > 5% for 5m\"`",
        ),
        ("gate: { baseline: before 30m }", "before 30m", "write `{ before: 30m }`"),
        (
            "presets:\n  - preset: aspnet\n    url: https://a",
            "preset",
            "write the kind first, and the rest under it: one of `prometheus`, `scrape`, `application-insights`, `app-service`, `container-app`, `aks`, `sql` \
             and `service-bus`",
        ),
    ]);
}

#[test]
fn a_refused_length_is_no_length_to_judge_by() {
    let found = wrong(&with("gate: { observe: 20s, interval: 1.5.2m }"));
    let errors = found.iter().filter(|found| found.severity() == Severity::Error);
    assert_eq!(errors.map(|found| found.code()).collect::<Vec<_>>(), [Code::InvalidDuration]);
}

#[test]
fn a_part_of_a_signals_name_is_told_the_whole() {
    let signal =
        "prometheus: { url: http://127.0.0.1:9 }\nsignals: { latency_p95: { prometheus: { query: q } } }";
    let text = with(&format!("{signal}\ngate: {{ verify: ['p95 < 2s'] }}"));
    let found = PolicyFile::parse("runbook.yml", &text, today()).unwrap().warnings;
    assert!(found.to_string().contains("did you mean `latency_p95`?"), "{found}");
}

#[test]
fn multiples_of_a_baseline_in_other_words_are_told_the_languages() {
    criteria(&[
        ("kpi < 2 * baseline", "*", "write `2x baseline`"),
        ("kpi < baseline * 1.5", "*", "write `1.5x baseline`"),
        ("kpi < 200% baseline", "200% baseline", "write `2x baseline`"),
        ("kpi < 110% of the baseline", "110% of the baseline", "write `1.1x baseline`"),
        ("kpi < 2 baseline", "2 baseline", "write `2x baseline`"),
        ("kpi < 3 times baseline", "3 times baseline", "write `3x baseline`"),
        ("kpi < 2 * 300ms", "*", "nothing is calculated here: write the number itself"),
    ]);
}

#[test]
fn signs_of_other_languages_are_told_those_of_this_one() {
    criteria(&[
        ("kpi => 5", "=", "write `>=`"),
        ("kpi =< 5", "=", "write `<=`"),
        ("kpi = 5", "=", "write `==`"),
        ("kpi ≥ 5", "≥", "write `>=`"),
        ("kpi > 5,5 for 5m", ",", "write a decimal point: `5.5`"),
        ("kpi > 1,000ms for 5m", ",", "write a number without separators: `1000`"),
        ("kpi > 5, for 5m", ",", "leave it out"),
        ("kpi > 5 && kpi < 9", "&", "write `and`"),
        ("kpi > 5 || kpi < 1", "|", "write two criteria: each of a list decides by itself"),
        ("5 < kpi", "5", "write the signal first, as in `error_rate > 5%`"),
        ("kpi > 5 in 5m", "in", "did you mean `for 5m`?"),
        ("kpi > 5 over 5 min", "over", "did you mean `for 5m`?"),
        ("kpi > 5 strict", "strict", "it stands after a duration: `for 5m strict`, or `for 5m in 30m`"),
    ]);
}

#[test]
fn a_pipelines_variable_in_a_field_for_a_secret_is_told_the_policys_spelling() {
    let cases = [
        ("notify: [{ teams: { url: \"$(TEAMS_WEBHOOK)\" } }]", "TEAMS_WEBHOOK"),
        ("notify: [{ slack: { url: ' $(Slack.Webhook) ' } }]", "SLACK_WEBHOOK"),
    ];
    for (rollback, name) in cases {
        let found = wrong(&with(&format!("rollback: {{ {rollback} }}")));
        let said: Vec<_> = found.iter().map(|one| (one.code(), one.suggestions().join("; "))).collect();
        let help = format!("write `${{{name}}}`; for a literal `$(` write `$$(`");
        assert_eq!(said, [(Code::VariableUnexpanded, help)], "{rollback}\n{found}");
    }
    let header = |value: &str| {
        format!("scrape: {{ url: \"https://a/metrics\", headers: {{ X-Key: {{ secret: \"{value}\" }} }} }}")
    };
    for value in ["$(KEY)", "Bearer $(KEY)"] {
        let found = wrong(&with(&header(value)));
        assert!(found.iter().all(|one| one.code() == Code::VariableUnexpanded), "{found}");
    }
    // A secret beside it stays one, and is not shown.
    for value in ["hunter2", "hunter2$(KEY)", "hunter$(KEY)", "$$(KEY)"] {
        let found = wrong(&with(&header(value)));
        assert!(found.iter().any(|one| one.code() == Code::SecretInPolicy), "{value}: {found}");
        assert!(!found.to_string().contains("hunter"), "{found}");
    }
}

#[test]
fn a_state_in_the_words_of_another_language_is_told_this_ones_with_its_duration() {
    criteria(&[
        ("healthy == false for 6s", "== false", "did you mean `health failing for 6s`?"),
        ("health == false for 6s", "== false", "did you mean `health failing for 6s`?"),
        ("health is failing for 6s", "is failing", "did you mean `health failing for 6s`?"),
        ("health == 0", "health", "write `health failing for 2m`, or `health passing`"),
    ]);
    let found = wrong(&with("gate: { rollback_when: [health == 0 for 6s] }"));
    let lasting = "write `health failing for 6s`, or `health passing`";
    assert!(found.iter().any(|one| one.suggestions().iter().any(|help| help == lasting)), "{found}");
}

#[test]
fn a_preset_is_offered_only_where_it_can_be_read() {
    let preset = |source: &str, name: &str| {
        only(&with(&format!("presets: [{{ {source}: {{ url: \"https://a\", preset: {name} }} }}]")))
    };
    let advice = |source: &str, name: &str| preset(source, name).2;
    assert_eq!(
        advice("scrape", "http"),
        "the presets are `http-server`, `aspnet`, `prometheus-net` and `http-requests`"
    );
    assert!(advice("prometheus", "http").contains("`http-server-v1`"));
    assert!(preset("scrape", "http-server-v1").1.contains("cannot be read from a `/metrics` endpoint"));
    for name in crate::source::preset::NAMES {
        let read = crate::source::preset::scrape(name, "").is_ok();
        assert_eq!(read, crate::source::preset::SCRAPED.contains(&name), "{name}");
    }
    // The reference says the same.
    let (last, first) = crate::source::preset::SCRAPED.split_last().unwrap();
    let key = format!("The preset's name: {} or {last}.", first.join(", "));
    assert!(crate::policy::schema().contains(&key), "{key}");
}
