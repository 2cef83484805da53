//! `http://` and `https://` written one for the other.

use super::*;

fn ask(url: &str) -> TransportError {
    let mut request =
        Request::get(Address::Url(url.parse().unwrap()), String::new(), Duration::from_secs(10));
    request.retry = Retry::Never;
    send(&request).unwrap_err()
}

/// A server that does something with each connection.
fn server(serve: impl Fn(TcpStream) + Send + 'static) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.incoming().for_each(|stream| serve(stream.unwrap())));
    address
}

#[test]
fn https_to_a_server_that_closes_says_that_it_may_not_speak_tls() {
    let address = server(|mut stream| {
        // It reads, so that closing does not reset the connection.
        let _ = stream.read(&mut [0; 4096]);
    });
    let error = ask(&format!("https://{address}/"));
    assert!(matches!(error, TransportError::Connect { .. }), "it may be an outage: {error:?}");
    assert!(error.to_string().contains("does not speak TLS, write http://"), "{error}");
}

#[test]
fn https_to_a_server_that_answers_in_plain_text_says_so() {
    let address = server(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    let error = ask(&format!("https://{address}/")).to_string();
    assert!(error.contains("does not speak TLS: write http://"), "{error}");
}

#[test]
fn http_to_a_server_with_tls_says_to_write_https() {
    let tls = tls_double();
    let error = ask(&format!("http://127.0.0.1:{}/", tls.port().unwrap())).to_string();
    assert!(error.contains("write https://"), "{error}");
}

#[test]
fn http_to_a_server_that_closes_says_that_it_may_speak_tls() {
    let address = server(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
    });
    let error = ask(&format!("http://{address}/")).to_string();
    assert!(error.contains("if it speaks TLS there, write https://"), "{error}");
}

#[test]
fn a_server_that_says_that_it_wants_tls_is_understood() {
    for words in [
        "<html><center>The plain HTTP request was sent to HTTPS port</center></html>",
        "Client sent an HTTP request to an HTTPS server.\n",
        "Reason: You're speaking plain HTTP to an SSL-enabled server port.",
    ] {
        let double = Double::new(move |_, stream| write(stream, "400 Bad Request", "", words.as_bytes()));
        let error = send(&double.request("/")).unwrap_err();
        assert!(error.to_string().contains("it speaks TLS: write https://"), "{error}");
    }
    let other = Double::new(|_, stream| write(stream, "400 Bad Request", "", b"no such field"));
    assert_eq!(send(&other.request("/")).unwrap().status, 400);
}
