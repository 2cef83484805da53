//! The socket: one thread a connection, so many and no more, and an orderly end.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::http::{Afterwards, Connection, Method, Next, Response};
use crate::service::{Intake, Service};

/// Connections served at once; the next one is told 503.
pub const MAX_CONNECTIONS: usize = 512;

/// A bound socket that does not serve yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    stop: Arc<AtomicBool>,
}

/// Ends a [`Server::run`] from another thread.
#[derive(Clone, Debug)]
pub struct Stopper {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
}

impl Server {
    /// Binds a socket; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address, stop: Arc::new(AtomicBool::new(false)) })
    }

    /// Where it is bound.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What ends it.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper { address: self.address, stop: Arc::clone(&self.stop) }
    }

    /// Serves until it is stopped; then finishes the requests it has and closes every connection.
    pub fn run(self, service: &Service) {
        let active = AtomicUsize::new(0);
        thread::scope(|scope| {
            for accepted in self.listener.incoming() {
                if self.stop.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(stream) = accepted else {
                    // Out of file descriptors, or the client was gone already: give the others time to end.
                    thread::sleep(Duration::from_millis(10));
                    continue;
                };
                let taken = Taken::one_of(&active);
                let stop = &self.stop;
                let serve = move || match taken {
                    Some(_taken) => converse(stream, service, stop),
                    None => turn_away(stream),
                };
                // Where no thread can be had, dropping the socket closes it.
                let _ = thread::Builder::new().spawn_scoped(scope, serve);
            }
        });
    }
}

impl Stopper {
    /// Asks the server to end. Asking twice is no harm.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
        // The accepting thread sleeps until somebody connects.
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        let _ = TcpStream::connect_timeout(&SocketAddr::new(ip, self.address.port()), Duration::from_secs(1));
    }
}

/// A place among [`MAX_CONNECTIONS`], given back when it is dropped.
struct Taken<'a>(&'a AtomicUsize);

impl<'a> Taken<'a> {
    fn one_of(active: &'a AtomicUsize) -> Option<Self> {
        let room = active
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| (n < MAX_CONNECTIONS).then_some(n + 1));
        room.is_ok().then_some(Self(active))
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Serves one connection to its end. A broken socket concerns nobody but its client.
fn converse(stream: TcpStream, service: &Service, stop: &AtomicBool) {
    let _ = serve(stream, service, stop);
}

fn serve(stream: TcpStream, service: &Service, stop: &AtomicBool) -> io::Result<()> {
    let mut connection = Connection::new(stream)?;
    let stopping = || stop.load(Ordering::SeqCst);
    loop {
        match connection.next(stopping)? {
            Next::Done => return Ok(()),
            Next::Refused(refusal) => {
                return connection.send(&refusal.response(), Method::Get, Afterwards::Close);
            }
            Next::Request(request) => {
                let intake = if stopping() { Intake::Draining } else { Intake::Open };
                let response = service.answer(&request, intake, thread::sleep);
                let afterwards = if stopping() { Afterwards::Close } else { request.afterwards };
                connection.send(&response, request.method, afterwards)?;
                if afterwards == Afterwards::Close {
                    return Ok(());
                }
            }
        }
    }
}

fn turn_away(stream: TcpStream) {
    let busy = Response::json(503, &serde_json::json!({ "error": "too many connections" }));
    if let Ok(mut connection) = Connection::new(stream) {
        let _ = connection.send(&busy, Method::Get, Afterwards::Close);
    }
}
