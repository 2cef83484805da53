//! What of the job's environment a command sees: what is on a list, and what the caller names. A secret has a thousand names, so what may pass is
//! listed, and not what may not.

use std::collections::BTreeMap;

use runbook_gate::policy::PIPELINE_VARIABLES;

use crate::redact::Redactor;

/// What programs need of the machine and its user.
const MACHINE: [&str; 43] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TERM",
    "TMPDIR",
    "TEMP",
    "TMP",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    // Windows
    "ALLUSERSPROFILE",
    "APPDATA",
    "COMMONPROGRAMFILES",
    "COMMONPROGRAMFILES(X86)",
    "COMSPEC",
    "HOMEDRIVE",
    "HOMEPATH",
    "LOCALAPPDATA",
    "NUMBER_OF_PROCESSORS",
    "OS",
    "PATHEXT",
    "PROCESSOR_ARCHITECTURE",
    "PROGRAMDATA",
    "PROGRAMFILES",
    "PROGRAMFILES(X86)",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "USERNAME",
    "USERPROFILE",
    "WINDIR",
    // Where tools are.
    "CARGO_HOME",
    "DOTNET_ROOT",
    "GOPATH",
    "GOROOT",
    "JAVA_HOME",
    "NVM_DIR",
    "RUSTUP_HOME",
    "VIRTUAL_ENV",
];

/// How the network is reached.
const PROXIES: [&str; 4] = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"];

/// Which authorities are trusted beside the system's.
const AUTHORITIES: [&str; 7] = [
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "NODE_EXTRA_CA_CERTS",
    "REQUESTS_CA_BUNDLE",
    "AGENT_CAINFO",
];

/// What the agent says of the run, beside the variables that a policy may use.
const PIPELINE: [&str; 24] = [
    "TF_BUILD",
    "CI",
    "AGENT_HOMEDIRECTORY",
    "AGENT_ID",
    "AGENT_MACHINENAME",
    "AGENT_NAME",
    "AGENT_OS",
    "AGENT_OSARCHITECTURE",
    "AGENT_TOOLSDIRECTORY",
    "AGENT_WORKFOLDER",
    "BUILD_ARTIFACTSTAGINGDIRECTORY",
    "BUILD_BINARIESDIRECTORY",
    "BUILD_BUILDURI",
    "BUILD_DEFINITIONVERSION",
    "BUILD_REPOSITORY_ID",
    "BUILD_REPOSITORY_LOCALPATH",
    "BUILD_REPOSITORY_PROVIDER",
    "BUILD_STAGINGDIRECTORY",
    "ENVIRONMENT_ID",
    "ENVIRONMENT_RESOURCEID",
    "SYSTEM_DEFAULTWORKINGDIRECTORY",
    "SYSTEM_JOBDISPLAYNAME",
    "SYSTEM_STAGEDISPLAYNAME",
    "SYSTEM_TIMELINEID",
];

/// The part of an environment that a command sees: the lists above and the names in `allowed`, without any value that carries a secret.
pub fn of_commands(
    environment: &BTreeMap<String, String>,
    allowed: &[String],
    redactor: &Redactor,
) -> BTreeMap<String, String> {
    let allowed: Vec<String> = allowed.iter().map(|name| mangled(name)).collect();
    let passes = |name: &str, value: &str| {
        let name = mangled(name);
        let listed = MACHINE.contains(&name.as_str())
            || name.starts_with("LC_")
            || (PROXIES.contains(&name.as_str()) && !value.contains('@'))
            || AUTHORITIES.contains(&name.as_str())
            || PIPELINE.contains(&name.as_str())
            || PIPELINE_VARIABLES.contains(&name.as_str());
        (listed || allowed.contains(&name)) && !has_password(value) && !redactor.finds_in(value)
    };
    let passing = environment.iter().filter(|(name, value)| passes(name, value));
    passing.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// A name as the agent writes it in the environment.
fn mangled(name: &str) -> String {
    name.to_ascii_uppercase().replace(['.', ' '], "_")
}

/// `https://user:password@host`, in whatever variable.
fn has_password(value: &str) -> bool {
    value.parse::<url::Url>().is_ok_and(|url| url.password().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use runbook_gate::Secret;

    fn seen(variables: &[(&str, &str)], allowed: &[&str]) -> Vec<String> {
        let environment: BTreeMap<String, String> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let allowed: Vec<String> = allowed.iter().map(|name| (*name).to_owned()).collect();
        let redactor = Redactor::default();
        redactor.learn(&Secret::new("canary-secret"));
        of_commands(&environment, &allowed, &redactor).into_keys().collect()
    }

    #[test]
    fn what_nobody_listed_is_not_seen_whatever_its_name() {
        let hostile = [
            "DATABASE_URL",
            "MYSQL_PWD",
            "PGPASSFILE",
            "VSS_NUGET_EXTERNAL_FEED_ENDPOINTS",
            "INPUT_POLICY",
            "SECRET_DB",
            "ENDPOINT_URL_X",
            "SECUREFILE_NAME_1",
            "VSTS_SECRET_VARIABLES",
            "SYSTEM_ACCESSTOKEN",
            "SYSTEM_OIDCREQUESTURI",
            "AGENT_PROXYPASSWORD",
            "BUILD_TOKEN",
            "NPM_CONFIG__AUTH",
            "ANYTHING",
        ];
        let variables: Vec<(&str, &str)> = hostile.iter().map(|name| (*name, "x")).collect();
        assert_eq!(seen(&variables, &[]), Vec::<String>::new());
    }

    #[test]
    fn what_programs_need_is_seen_in_every_spelling() {
        for name in [
            "PATH",
            "Path",
            "HOME",
            "LC_ALL",
            "https_proxy",
            "NO_PROXY",
            "SSL_CERT_FILE",
            "BUILD_BUILDNUMBER",
            "ENVIRONMENT_NAME",
            "ProgramFiles(x86)",
        ] {
            assert_eq!(seen(&[(name, "x")], &[]), [name], "{name}");
        }
    }

    #[test]
    fn what_is_allowed_is_seen_but_never_with_a_secret_in_it() {
        let variables = [
            ("SHOP_URL", "https://shop.example"),
            ("SHOP_REGION", "has canary-secret inside"),
            ("SHOP_DATABASE", "postgres://shop:hunter2@db/shop"),
        ];
        assert_eq!(seen(&variables, &["Shop.Url", "SHOP_REGION", "SHOP_DATABASE"]), ["SHOP_URL"]);
    }

    #[test]
    fn a_proxy_with_a_user_is_left_out() {
        for value in ["http://ann:x@proxy:8080", "ann:x@proxy:8080", "http://token@proxy"] {
            assert_eq!(seen(&[("HTTPS_PROXY", value)], &[]), Vec::<String>::new(), "{value}");
        }
        assert_eq!(seen(&[("HTTPS_PROXY", "http://proxy:8080")], &[]), ["HTTPS_PROXY"]);
    }
}
