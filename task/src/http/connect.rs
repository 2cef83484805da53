//! How a connection is opened: through a proxy or not, TCP, then TLS with the platform's verifier.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use ureq::Error;
use ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout,
    TcpConnector, Transport, TransportAdapter,
};

use super::failure::{CutShort, ProxyFailure, SpeaksTls, TlsFailure};
use super::roots::ExtraRoots;

/// The whole chain.
///
/// # Errors
/// In words, where no certificate could be trusted at all.
pub fn connector(roots: &ExtraRoots) -> Result<impl Connector + use<>, String> {
    let tls = Tls { config: Arc::new(client_config(roots)?) };
    let through_proxy = ThroughProxy(ConnectProxyConnector::default());
    Ok(().chain(through_proxy).chain(TcpConnector::default()).chain(tls))
}

fn client_config(roots: &ExtraRoots) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier =
        rustls_platform_verifier::Verifier::new_with_extra_roots(roots.certificates(), provider.clone())
            .map_err(|error| {
                format!("no trusted certificates: {error}; install ca-certificates or give --ca-file")
            })?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
}

/// Opens the way through a proxy, and tells the proxy's failures from those of what lies behind it.
#[derive(Debug)]
struct ThroughProxy(ConnectProxyConnector);

impl<In: Transport> Connector<In> for ThroughProxy {
    type Out = <ConnectProxyConnector as Connector<In>>::Out;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        self.0.connect(details, chained).map_err(ProxyFailure::error)
    }
}

/// Wraps a connection in TLS where the address is `https`.
///
/// ureq's own connector takes the platform's roots or given ones, never both together.
#[derive(Debug)]
struct Tls {
    config: Arc<ClientConfig>,
}

impl<In: Transport> Connector<In> for Tls {
    type Out = Either<Plain<In>, TlsTransport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        let Some(transport) = chained else { return Ok(None) };
        if transport.is_tls() || !details.needs_tls() {
            return Ok(Some(Either::A(Plain { inner: transport, answered: Answered::Nothing })));
        }
        let host = details.uri.host().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(bare)
            .map_err(|_| TlsFailure::error("the host's name cannot stand in a certificate"))?;
        let mut connection = ClientConnection::new(self.config.clone(), name)?;
        let mut socket = TransportAdapter::new(transport.boxed(), details.current_time.clone());
        socket.set_timeout(details.timeout);
        connection.complete_io(&mut socket).map_err(handshake_failure)?;
        let buffers =
            LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(Either::B(TlsTransport { buffers, stream: StreamOwned { conn: connection, sock: socket } })))
    }
}

/// A handshake's failure, told from a connection's: rustls hides its own in `io::Error`.
fn handshake_failure(error: io::Error) -> Error {
    let tls =
        error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).map(ToString::to_string);
    match (tls, error.kind()) {
        (Some(why), _) => TlsFailure::error(&why),
        (
            None,
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe,
        ) => CutShort::error(),
        (None, _) => Error::from(error),
    }
}

/// A connection without TLS, which notices that the other side speaks it.
#[derive(Debug)]
struct Plain<In> {
    inner: In,
    answered: Answered,
}

/// Whether anything has come yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answered {
    Nothing,
    Something,
}

/// How a record of TLS begins that a server sends to who does not speak it: an alert, of version 3.
const TLS_ALERT: [u8; 2] = [21, 3];

impl<In: Transport> Transport for Plain<In> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let more = self.inner.await_input(timeout)?;
        if self.answered == Answered::Nothing && more {
            let input = self.inner.buffers().input();
            if input.starts_with(&TLS_ALERT) {
                return Err(SpeaksTls::error());
            }
            if input.len() >= TLS_ALERT.len() {
                self.answered = Answered::Something;
            }
        }
        Ok(more)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

struct TlsTransport {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
}

impl Transport for TlsTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.get_mut().set_timeout(timeout);
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        self.stream.write_all(output)?;
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.get_mut().set_timeout(timeout);
        let amount = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.get_mut().get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl fmt::Debug for TlsTransport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TlsTransport")
    }
}
