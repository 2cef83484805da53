//! Why Entra ID gives no token, with what to do.

use std::error::Error;

/// The longest text.
const LONGEST: usize = 500;

/// What a failed sign-in says: every cause, innermost last, on one line, and what its code asks for.
pub fn words(error: &azure_core::Error) -> String {
    let mut said = String::new();
    let mut next: Option<&dyn Error> = Some(error);
    while let Some(cause) = next {
        let text = cause.to_string();
        // The library repeats a cause in the text around it, and adds a link to its own pages.
        let text = text.split("To troubleshoot").next().unwrap_or_default().trim();
        if !said.contains(text) {
            if !said.is_empty() {
                said.push_str(": ");
            }
            said.push_str(text);
        }
        next = cause.source();
    }
    let mut line = String::new();
    for word in said.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if line.len() + word.len() > LONGEST {
            line.push('…');
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    match help(&said) {
        Some(help) => format!("{line}; {help}"),
        None => line,
    }
}

/// What to do about a code of Entra ID or a message of the Azure CLI.
fn help(said: &str) -> Option<&'static str> {
    const KNOWN: [(&str, &str); 12] = [
        ("AADSTS7000215", "the secret is wrong: give the secret's value, not its id"),
        ("AADSTS7000222", "the secret has ended: make a new one and give it to the service connection"),
        (
            "AADSTS700016",
            "the application is not in that tenant: check both ids of the service connection, and its cloud",
        ),
        ("AADSTS700024", "the assertion is out of date: check the clock of the agent"),
        ("AADSTS700027", "the assertion is not accepted: check the federated credential of the application"),
        (
            "AADSTS70021",
            "no federated credential fits: its issuer and subject must be those on the service connection's page",
        ),
        (
            "AADSTS700213",
            "no federated credential fits: its issuer and subject must be those on the service connection's page",
        ),
        ("AADSTS90002", "there is no such tenant in this cloud: check the tenant and the cloud"),
        (
            "AADSTS500011",
            "the API is not known in that tenant: check the cloud, and for Log Analytics that the tenant has used it",
        ),
        (
            "Identity not found",
            "the machine has no such managed identity: assign it to the machine, or correct its client id",
        ),
        ("not found on PATH", "install the Azure CLI, or run where a service connection signs in"),
        ("az login", "run `az login`"),
    ];
    KNOWN.iter().find(|(code, _)| said.contains(code)).map(|(_, help)| *help)
}

#[cfg(test)]
mod tests {
    use azure_core::error::ErrorKind;

    use super::*;

    #[test]
    fn a_refusal_is_one_line_with_what_to_do() {
        let inner = azure_core::Error::with_message(
            ErrorKind::Other,
            "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 1\u{1b}[31m",
        );
        let outer = azure_core::Error::with_error(
            ErrorKind::Credential,
            inner,
            "ClientSecretCredential authentication failed.\nTo troubleshoot, visit https://example.invalid/",
        );
        assert_eq!(
            words(&outer),
            "ClientSecretCredential authentication failed.: AADSTS7000215: Invalid client secret provided. Trace ID: 1 [31m; \
             the secret is wrong: give the secret's value, not its id"
        );
        let endless = azure_core::Error::with_message(ErrorKind::Other, "x ".repeat(5000));
        assert!(words(&endless).len() < 600);
    }
}
