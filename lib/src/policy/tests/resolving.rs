//! One environment of a policy: its name, its variables, its secrets.

use super::*;
use crate::Secret;
use crate::diagnostic::Colour;

const ENVIRONMENTS: &str = "environments:\n  dev: { enforcement: advise, vars: { host: dev.contoso.com, limit: 9 } }\n  \
                            test: { enforcement: off }\n  production: { vars: { host: contoso.com, limit: 5 } }\n";

fn file(keys: &str) -> PolicyFile {
    parse(&format!("version: 1\nservice: a\n{keys}")).file
}

fn errors(
    file: &PolicyFile,
    environment: Option<&str>,
    variables: &dyn Variables,
) -> Vec<(&'static str, String)> {
    let errors = file.resolve(environment, variables).unwrap_err();
    assert!(errors.has_errors());
    errors.iter().map(|e| (e.code().as_str(), e.suggestions().join("; "))).collect()
}

/// One secret variable.
struct Token;

impl Variables for Token {
    fn get(&self, name: &str) -> Variable {
        match name {
            "TOKEN" => Variable::Secret(Secret::new("canary-t0ken")),
            _ => Variable::NotAllowed,
        }
    }
}

#[test]
fn each_environment_has_its_own_enforcement_and_variables() {
    let file = file(&format!(
        "{ENVIRONMENTS}vars: {{ host: fallback.contoso.com, limit: 7 }}\nprobe: {{ url: \"https://${{host}}\" }}\nsignals: \
         {{ error_rate: {{ prometheus: {{ url: \"http://p\", bad: a, total: b }} }} }}\ngate: {{ rollback_when: \
         [\"error_rate > ${{limit}}% for 5m\"] }}\n"
    ));
    for (name, enforcement, host, criterion) in [
        ("dev", Enforcement::Advise, "dev.contoso.com", "error_rate > 9% for 5m"),
        ("test", Enforcement::Off, "fallback.contoso.com", "error_rate > 7% for 5m"),
        ("production", Enforcement::Enforce, "contoso.com", "error_rate > 5% for 5m"),
    ] {
        let policy = file.resolve(Some(name), &Given(&[])).unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!(policy.environment().enforcement(), enforcement);
        assert_eq!(configured(policy.gate().rollback_when()), [criterion]);
        let SourceSpec::Probe(probe) = &policy.sources()[0] else { panic!("{:?}", policy.sources()) };
        assert_eq!(probe.targets[0].host_str(), Some(host));
    }
}

#[test]
fn an_environment_that_is_not_listed_is_an_error_that_lists_them() {
    let listed = file(&format!("{ENVIRONMENTS}probe: {{ url: \"https://a\" }}\n"));
    assert_eq!(
        errors(&listed, Some("prod"), &Given(&[])),
        [("unknown-environment", "it lists `dev`, `test` and `production`".to_owned())]
    );
    assert_eq!(
        errors(&listed, Some("producton"), &Given(&[])),
        [("unknown-environment", "did you mean `production`?".to_owned())]
    );
    assert_eq!(
        errors(&listed, None, &Given(&[])),
        [("unknown-environment", "name one: `dev`, `test` and `production`".to_owned())]
    );
    let alone = file("probe: { url: \"https://a\" }\n");
    assert!(alone.resolve(Some("production"), &Given(&[])).is_ok());
    assert_eq!(errors(&alone, Some("staging"), &Given(&[]))[0].0, "unknown-environment");
    let other = file("environments: { staging: {} }\nprobe: { url: \"https://a\" }\n");
    assert_eq!(errors(&other, None, &Given(&[]))[0].0, "unknown-environment");
}

#[test]
fn variables_are_checked_when_the_policy_is_used() {
    let file = file(
        "probe: { url: \"https://${HOST}\", version: { equals: \"${BUILD_BUILDNUMBER}\" } }\ngate: { observe: \"${WATCH}\" }\n",
    );
    let codes: Vec<&str> = errors(&file, None, &Given(&[])).into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["variable-not-allowed", "variable-unset", "variable-not-allowed"]);
    let wrong = Given(&[("HOST", "a b"), ("BUILD_BUILDNUMBER", "42"), ("WATCH", "5 minutes")]);
    let codes: Vec<&str> = errors(&file, None, &wrong).into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["invalid-url", "invalid-duration"]);
    let right = Given(&[("HOST", "a"), ("BUILD_BUILDNUMBER", "42"), ("WATCH", "5m")]);
    assert_eq!(file.resolve(None, &right).unwrap().gate().observe(), Duration::from_secs(300));
}

#[test]
fn an_address_that_a_variable_makes_is_checked_like_any_other() {
    let file = file("probe: { url: \"${TARGET}\" }\n");
    for target in [
        "http://169.254.169.254",
        "http://0xa9fea9fe/",
        "http://[fe80::1]/",
        "http://[::ffff:169.254.0.1]",
        "file:///etc/passwd",
    ] {
        struct One(&'static str);
        impl Variables for One {
            fn get(&self, _: &str) -> Variable {
                Variable::Value(self.0.to_owned())
            }
        }
        assert_eq!(errors(&file, None, &One(target))[0].0, "url-refused", "{target}");
    }
}

#[test]
fn a_secret_stands_only_where_it_may_and_is_never_printed() {
    let allowed =
        file("probe: { url: \"https://a\", headers: { Authorization: { secret: \"Bearer ${TOKEN}\" } } }\n");
    let policy = allowed.resolve(None, &Token).unwrap();
    assert!(!format!("{policy:?}").contains("canary"));
    let SourceSpec::Probe(probe) = &policy.sources()[0] else { panic!("{:?}", policy.sources()) };
    assert_eq!(probe.headers[0].value.reveal(), "Bearer canary-t0ken");
    assert_eq!(probe.headers[0].sensitivity, crate::transport::Sensitivity::Secret);
    for keys in [
        "probe: { url: \"https://${TOKEN}\" }\n",
        "probe: { url: \"https://a\", health: \"/${TOKEN}\" }\n",
        "probe: { url: \"https://a\", headers: { X-Note: \"${TOKEN}\" } }\n",
        "probe: { url: \"https://a\", version: { equals: \"${TOKEN}\" } }\n",
        "probe: { url: \"https://a\" }\nvars: { x: \"${TOKEN}\" }\n",
        "probe: { url: \"https://a\" }\ngate: { observe: \"${TOKEN}\" }\n",
        "probe: { url: \"https://a\" }\ngate: { verify: [\"health passing and a > ${TOKEN}\"] }\n",
        "probe: { url: \"https://a\" }\nsignals: { s: { command: { run: [\"./x\", \"${TOKEN}\"] } } }\n",
        "probe: { url: \"https://a\" }\nprometheus: { connection: \"${TOKEN}\" }\n",
    ] {
        let errors = file(keys).resolve(None, &Token).unwrap_err();
        assert!(errors.iter().any(|e| e.code() == Code::SecretMisplaced), "{keys}: {errors}");
        for text in [errors.render(Colour::Plain), errors.to_json().to_string(), format!("{errors:?}")] {
            assert!(!text.contains("canary"), "{text}");
        }
    }
}

#[test]
fn a_secret_with_a_line_break_is_refused_without_being_shown() {
    struct Broken;
    impl Variables for Broken {
        fn get(&self, _: &str) -> Variable {
            Variable::Secret(Secret::new("canary\r\nX-Injected: 1"))
        }
    }
    let file = file("probe: { url: \"https://a\", headers: { X-Key: { secret: \"${TOKEN}\" } } }\n");
    let errors = file.resolve(None, &Broken).unwrap_err();
    assert_eq!(errors.iter().next().map(Diagnostic::code), Some(Code::InvalidHeader));
    assert!(!errors.to_string().contains("canary"));
}

const SERVICE_BUS: &str = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/orders/providers/Microsoft.ServiceBus/namespaces/orders";

#[test]
fn the_full_example_resolves_with_the_pipelines_variables() {
    let file = parse(FULL).file;
    let variables = Given(&[
        ("BUILD_BUILDNUMBER", "20260601.1"),
        ("SERVICEBUS_ID", SERVICE_BUS),
        ("LAW_ID", "11111111-2222-3333-4444-555555555555"),
        ("TEAMS_WEBHOOK", "https://t"),
        ("SLACK_WEBHOOK", "https://s"),
    ]);
    let policy = file.resolve(Some("production"), &variables).unwrap_or_else(|errors| panic!("{errors}"));
    let azure = policy
        .sources()
        .iter()
        .filter(|source| matches!(source, SourceSpec::AzureMonitor(_) | SourceSpec::AzureLogs(_)));
    assert_eq!(azure.count(), 2, "the two queries of one workspace are one source");
    assert!(not_configured(policy.gate().rollback_when()).is_empty());
    assert_eq!(configured(policy.gate().verify()).len(), 6);
}

#[test]
fn what_the_transport_never_asks_no_policy_may_name() {
    for host in [
        "169.254.169.254",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "[fd00:ec2::254]",
        "168.63.129.16",
        "100.100.100.200",
        "metadata.google.internal.",
        "metadata",
        "0.0.0.0",
        "[::]",
        "0xa9fea9fe",
    ] {
        let text = with("").replace("https://orders.contoso.com", &format!("https://{host}/x"));
        let errors = PolicyFile::parse("runbook.yml", &text, today()).unwrap_err();
        assert!(errors.iter().any(|found| found.code() == Code::UrlRefused), "{host}: {errors}");
    }
}

#[test]
fn a_header_that_is_named_like_a_credential_is_no_plain_text_and_is_never_shown() {
    for name in [
        "Authorization",
        "X-Auth-Token",
        "X-Functions-Key",
        "Ocp-Apim-Subscription-Key",
        "X-Secret",
        "Cookie",
    ] {
        let text = format!(
            "version: 1\nservice: a\nprobe: {{ url: \"https://a\", headers: {{ {name}: hunter2 }} }}\n"
        );
        let errors = PolicyFile::parse("runbook.yml", &text, today()).unwrap_err();
        assert!(errors.iter().any(|found| found.code() == Code::SecretInPolicy), "{name}: {errors}");
        assert!(!errors.to_string().contains("hunter2"), "{errors}");
    }
}
