use super::name::{COMMANDS, Input};
use super::*;

/// The environment of an agent: these inputs, and the defaults of task.json.
fn environment(given: &[(&str, &str)]) -> BTreeMap<String, String> {
    let defaults = [("INPUT_COMMAND", "verify"), ("INPUT_POLICY", "runbook.yml")];
    defaults.iter().chain(given).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn line(given: &[(&str, &str)]) -> Vec<String> {
    let inputs = read(&environment(given)).unwrap();
    let line = inputs.command_line(Path::new("/reports"));
    line.into_iter().map(|argument| argument.into_string().unwrap()).collect()
}

fn errors(given: &[(&str, &str)]) -> Vec<String> {
    read(&environment(given)).unwrap_err().iter().map(ToString::to_string).collect()
}

fn names(object: &serde_json::Value, key: &str) -> Vec<String> {
    let list = object.get(key).and_then(serde_json::Value::as_array).unwrap();
    list.iter().filter_map(|each| each.get("name")?.as_str()).map(str::to_owned).collect()
}

#[test]
fn task_json_declares_exactly_the_inputs_and_commands_that_are_read() {
    let task: serde_json::Value = serde_json::from_str(include_str!("../../../task.json")).unwrap();
    let mut read: Vec<&str> = Input::ALL.iter().map(|input| input.name()).collect();
    read.push("binaryPath");
    assert_eq!(names(&task, "inputs"), read);
    let options = task.pointer("/inputs/0/options").and_then(serde_json::Value::as_object).unwrap();
    assert_eq!(options.keys().collect::<Vec<_>>(), COMMANDS);
}

#[test]
fn says_what_a_command_line_would_say() {
    let given = [
        ("INPUT_ENVIRONMENT", " staging "),
        ("INPUT_DEPLOYEDAT", "2026-01-01T00:00:00Z"),
        ("INPUT_CHECKLISTREPORT", "ready/checklist.json"),
        ("INPUT_JUNIT", "true"),
        ("INPUT_ALLOWEDVARIABLES", "HOST\r\nTeam.Token, PORT"),
        ("INPUT_ALLOWCOMMANDS", "True"),
        ("SECRET_TEAM_TOKEN", "canary"),
    ];
    assert_eq!(
        line(&given),
        [
            "runbook-gate",
            "verify",
            "--policy=runbook.yml",
            "--environment=staging",
            "--allow-var=HOST",
            "--allow-var=PORT",
            "--secret-var=Team.Token",
            "--report-dir=/reports",
            "--deployed-at=2026-01-01T00:00:00Z",
            "--checklist-report=ready/checklist.json",
            "--announce",
            "--junit",
            "--allow-commands",
        ]
    );
    assert_eq!(line(&[])[3..], ["--report-dir=/reports", "--announce"], "no JUnit unless it is asked for");
    let resource = ("INPUT_BUILDRESOURCE", "orders-ci");
    assert!(line(&[resource]).contains(&"--build=orders-ci".to_owned()));
    let again = line(&[resource, ("INPUT_PROFILE", "rollback")]);
    assert!(!again.iter().any(|argument| argument.starts_with("--build")), "{again:?}");
    assert!(!line(&[("INPUT_ANNOUNCE", "false")]).contains(&"--announce".to_owned()));
    assert_eq!(line(&[("INPUT_COMMAND", "baseline")])[3], "--output=/reports/baseline.json");
    let checklist = [
        ("INPUT_COMMAND", "checklist"),
        ("INPUT_SINCE", "v1.2.0"),
        ("INPUT_TESTRESULTS", "a/*.xml\n\n b.trx "),
        ("INPUT_ATTESTATIONS", "backups-taken=snapshot 4711\r\nconfig-reviewed=a=b"),
        ("INPUT_WAIVE", "change-communicated=hotfix"),
        ("INPUT_BUILDRESOURCE", "orders-ci"),
        ("INPUT_POSTTOPULLREQUEST", "true"),
    ];
    assert_eq!(
        line(&checklist)[3..],
        [
            "--report-dir=/reports",
            "--since=v1.2.0",
            "--tests=a/*.xml",
            "--tests=b.trx",
            "--attest=backups-taken=snapshot 4711",
            "--attest=config-reviewed=a=b",
            "--waive=change-communicated=hotfix",
            "--build=orders-ci",
            "--post",
        ]
    );
    let plan = [("INPUT_COMMAND", "rollback"), ("INPUT_ROLLBACKACTION", "plan")];
    assert_eq!(line(&plan)[1..3], ["rollback", "plan"]);
    let announce = [
        ("INPUT_COMMAND", "rollback"),
        ("INPUT_ROLLBACKACTION", "announce"),
        ("INPUT_REPORTDIRECTORY", "/plan"),
    ];
    assert!(errors(&announce[..2])[0].contains("the folder that the plan of this rollback"));
    assert_eq!(
        line(&announce)[1..],
        ["rollback", "announce", "--policy=runbook.yml", "--report-dir=/reports"]
    );
    assert_eq!(line(&plan[..1])[1..], ["rollback", "plan", "--policy=runbook.yml", "--report-dir=/reports"]);
    let kept = [plan[0], ("INPUT_RETAINLASTKNOWNGOOD", "true"), ("INPUT_BUILDRESOURCE", "orders-ci")];
    assert_eq!(line(&kept)[5..], ["--build=orders-ci", "--retain"]);
    let ticket = [
        ("INPUT_COMMAND", "rollback"),
        ("INPUT_ROLLBACKACTION", "ticket"),
        ("INPUT_FAILEDGATE", "gate"),
        ("INPUT_ROLLBACKPLAN", "plan"),
        ("INPUT_RECOVERYGATE", "recovery"),
        ("INPUT_CHECKLISTREPORT", "ready"),
    ];
    assert_eq!(
        line(&ticket)[1..],
        [
            "rollback",
            "ticket",
            "--policy=runbook.yml",
            "--failed-gate=gate",
            "--plan=plan",
            "--recovery=recovery",
            "--checklist-report=ready"
        ]
    );
    let validate = [("INPUT_COMMAND", "validate"), ("INPUT_ALLOWCOMMANDS", "true")];
    assert_eq!(line(&validate), ["runbook-gate", "validate", "--policy=runbook.yml"]);
}

#[test]
fn a_value_is_never_an_option() {
    assert_eq!(line(&[("INPUT_POLICY", "--allow-commands")])[2], "--policy=--allow-commands");
}

#[test]
fn what_was_never_expanded_is_refused() {
    for (value, variable) in
        [("a/$(My.Var)/b", "$(My.Var)"), ("$[ variables.x ]", "$[ variables.x ]"), ("x$(A)$(B)", "$(A)")]
    {
        let errors = errors(&[("INPUT_ENVIRONMENT", value)]);
        assert!(errors[0].contains(&format!("still has `{variable}`")), "{errors:?}");
    }
    assert_eq!(line(&[("INPUT_POLICY", "price$(.yml")])[2], "--policy=price$(.yml");
}

#[test]
fn everything_wrong_is_said_at_once() {
    let given = [
        ("INPUT_COMMAND", "check"),
        ("INPUT_POLICY", ""),
        ("INPUT_ALLOWCOMMANDS", "1"),
        ("INPUT_ROLLBACKACTION", "undo"),
    ];
    assert_eq!(errors(&given).len(), 4);
}

#[test]
fn an_attestation_names_its_item_and_what_was_done() {
    for wrong in ["backups-taken", "=done", "backups-taken= "] {
        let errors = errors(&[("INPUT_ATTESTATIONS", wrong)]);
        assert!(errors[0].contains("write item=what was done"), "{errors:?}");
    }
}

#[test]
fn a_service_connection_is_read_with_its_secret() {
    let id = "6d2e9b9a-0c7f-4c8e-9d0e-1a2b3c4d5e6f";
    let names = ["ENDPOINT_URL_", "ENDPOINT_AUTH_PARAMETER_"].map(|name| format!("{name}{id}"));
    let (user, password) = (format!("{}_USERNAME", names[1]), format!("{}_PASSWORD", names[1]));
    let given = [
        ("INPUT_PROMETHEUSCONNECTION", id),
        (names[0].as_str(), "https://prometheus.example"),
        (user.as_str(), "gate"),
        (password.as_str(), "canary"),
    ];
    let endpoint = read(&environment(&given)).unwrap().prometheus.unwrap();
    assert_eq!((endpoint.url.as_str(), endpoint.user.as_str()), ("https://prometheus.example", "gate"));
    assert_eq!(endpoint.secret, Some(Secret::new("canary")));
    assert!(!format!("{endpoint:?}").contains("canary"));
    assert!(errors(&given[..1])[0].contains("the service connection of the input prometheusConnection"));
}
