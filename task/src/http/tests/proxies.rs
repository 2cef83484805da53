//! Proxies that fail are named, and what lies behind them is not blamed.

use super::*;
use crate::http::proxy::ProxyRules;

/// What comes of asking `https://service.example/` through the proxy that a variable names.
fn through(variable: &str, url: &str) -> TransportError {
    let proxies = ProxyRules::from_variables(|name| (name == variable).then_some(url)).unwrap();
    let network = Network { proxies, ..Network::default() };
    let mut request = Request::get(
        Address::Url("https://service.example/".parse().unwrap()),
        String::new(),
        Duration::from_secs(5),
    );
    request.retry = Retry::Never;
    HttpTransport::new(network, no_pause, fixed_now).send(&request).unwrap_err()
}

/// A proxy that answers every request so.
fn answering(status: &'static str) -> Double {
    Double::new(move |_, stream| {
        let _ = stream.write_all(format!("HTTP/1.1 {status}\r\n\r\n").as_bytes());
    })
}

#[test]
fn a_dead_proxy_is_named_with_its_variable_and_without_its_credentials() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "AGENT_PROXYURL"] {
        let error = through(variable, &format!("http://ann:canary@{address}"));
        assert_eq!(
            error.to_string(),
            format!(
                "service.example is asked through the proxy of {variable}: cannot connect to {address}: nobody listens there"
            )
        );
    }
}

#[test]
fn a_proxy_that_says_nothing_or_has_no_address_is_named() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let url = format!("http://{address}");
    let proxies = ProxyRules::from_variables(|name| (name == "HTTP_PROXY").then_some(url.as_str())).unwrap();
    let network = Network { proxies, ..Network::default() };
    let mut request = Request::get(
        Address::Url("http://service.example/".parse().unwrap()),
        String::new(),
        Duration::from_millis(300),
    );
    request.retry = Retry::Never;
    let error = HttpTransport::new(network, no_pause, fixed_now).send(&request).unwrap_err().to_string();
    let expected =
        format!("service.example is asked through the proxy of HTTP_PROXY: no answer from {address} within");
    assert!(error.starts_with(&expected), "{error}");
    let error = through("HTTPS_PROXY", "http://no-such-proxy.invalid:3128").to_string();
    let expected = "service.example is asked through the proxy of HTTPS_PROXY: cannot find the host no-such-proxy.invalid:3128";
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn a_proxy_is_asked_to_connect_with_its_credentials() {
    let proxy = answering("407 Proxy Authentication Required");
    let error = through("HTTPS_PROXY", &proxy.base.replace("http://", "http://ann:canary@")).to_string();
    assert!(error.contains("the proxy of HTTPS_PROXY") && error.contains("407"), "{error}");
    assert!(error.contains("a user and a password") && !error.contains("canary"), "{error}");
    let asked = proxy.asked();
    assert!(asked[0].starts_with("CONNECT service.example:443 HTTP/1.1\r\n"), "{asked:?}");
    assert!(asked[0].contains("Proxy-Authorization: Basic YW5uOmNhbmFyeQ=="), "{asked:?}");
}

#[test]
fn what_a_proxy_does_not_reach_is_not_the_proxys_fault() {
    let proxy = answering("502 Bad Gateway");
    let error = through("HTTPS_PROXY", &proxy.base);
    assert!(matches!(error, TransportError::Connect { .. }), "{error:?}");
    assert!(
        error.to_string().starts_with("cannot connect to service.example: the proxy 127.0.0.1:"),
        "{error}"
    );
    let refusing = answering("403 Forbidden");
    let error = through("HTTPS_PROXY", &refusing.base).to_string();
    assert!(error.contains("NO_PROXY"), "{error}");
}
