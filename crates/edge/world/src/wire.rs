//! Messages that nobody answers, over UDP, TCP or TLS: what syslog receivers take.
//!
//! That a message was written says nothing of whether it was read. It knows no form of message.

use async_trait::async_trait;
use thiserror::Error;

/// What carries a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Transport {
    /// One datagram.
    Udp,
    /// A connection of its own.
    Tcp,
    /// The same over TLS.
    Tls {
        /// Certificates in PEM that are trusted instead of the public ones.
        roots: Option<Vec<u8>>,
    },
}

/// Who is written to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Peer {
    /// Its name, which its certificate must have.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What carries the message.
    pub transport: Transport,
}

/// Why a message was not written.
#[derive(Debug, Error)]
pub enum WireError {
    /// Nothing left this machine.
    #[error("could not reach it: {0}")]
    NotSent(String),
    /// Some of it may have arrived.
    #[error("the connection ended: {0}")]
    Ambiguous(String),
}

/// A way to write messages.
#[async_trait]
pub trait Wire: Send + Sync {
    /// Writes `bytes` once and closes.
    async fn send(&self, peer: &Peer, bytes: &[u8]) -> Result<(), WireError>;
}

/// No network at all.
#[derive(Debug)]
pub struct NoWire;

#[async_trait]
impl Wire for NoWire {
    async fn send(&self, _: &Peer, _: &[u8]) -> Result<(), WireError> {
        Err(WireError::NotSent("this run has no network".to_owned()))
    }
}

/// Real sockets.
#[cfg(feature = "wire")]
#[derive(Debug)]
pub struct SocketWire;

#[cfg(feature = "wire")]
mod real {
    use super::{Peer, SocketWire, Transport, Wire, WireError};
    use async_trait::async_trait;
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, ServerName};
    use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
    use std::io::Write;
    use std::net::{SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
    use std::sync::Arc;
    use std::time::Duration;

    const SECONDS_MAX: Duration = Duration::from_secs(10);

    fn unsent(error: impl std::fmt::Display) -> WireError {
        WireError::NotSent(error.to_string())
    }

    fn cut(error: impl std::fmt::Display) -> WireError {
        WireError::Ambiguous(error.to_string())
    }

    fn address(peer: &Peer) -> Result<SocketAddr, WireError> {
        let mut found = (peer.host.as_str(), peer.port).to_socket_addrs().map_err(unsent)?;
        found.next().ok_or_else(|| unsent("the name has no address"))
    }

    fn connected(peer: &Peer) -> Result<TcpStream, WireError> {
        let stream = TcpStream::connect_timeout(&address(peer)?, SECONDS_MAX).map_err(unsent)?;
        stream.set_write_timeout(Some(SECONDS_MAX)).map_err(unsent)?;
        stream.set_read_timeout(Some(SECONDS_MAX)).map_err(unsent)?;
        Ok(stream)
    }

    fn trusted(roots: Option<&[u8]>) -> Result<RootCertStore, WireError> {
        let mut store = RootCertStore::empty();
        match roots {
            None => store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Some(pem) => {
                for certificate in CertificateDer::pem_slice_iter(pem) {
                    store.add(certificate.map_err(unsent)?).map_err(unsent)?;
                }
            }
        }
        Ok(store)
    }

    fn over_tls(peer: &Peer, roots: Option<&[u8]>, bytes: &[u8]) -> Result<(), WireError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = builder.map_err(unsent)?.with_root_certificates(trusted(roots)?).with_no_client_auth();
        let name = ServerName::try_from(peer.host.clone()).map_err(unsent)?;
        let mut session = ClientConnection::new(Arc::new(config), name).map_err(unsent)?;
        let mut stream = connected(peer)?;
        // The whole handshake first: whoever fails it has seen nothing.
        while session.is_handshaking() {
            session.complete_io(&mut stream).map_err(unsent)?;
        }
        let mut stream = StreamOwned::new(session, stream);
        stream.write_all(bytes).map_err(cut)?;
        stream.conn.send_close_notify();
        stream.flush().map_err(cut)
    }

    fn send(peer: &Peer, bytes: &[u8]) -> Result<(), WireError> {
        match &peer.transport {
            Transport::Udp => {
                let to = address(peer)?;
                let from: SocketAddr = if to.is_ipv4() { ([0; 4], 0).into() } else { ([0_u16; 8], 0).into() };
                UdpSocket::bind(from).and_then(|socket| socket.send_to(bytes, to)).map(|_| ()).map_err(unsent)
            }
            Transport::Tcp => {
                let mut stream = connected(peer)?;
                stream.write_all(bytes).and_then(|()| stream.flush()).map_err(cut)
            }
            Transport::Tls { roots } => over_tls(peer, roots.as_deref(), bytes),
        }
    }

    #[async_trait]
    impl Wire for SocketWire {
        async fn send(&self, peer: &Peer, bytes: &[u8]) -> Result<(), WireError> {
            let (peer, bytes) = (peer.clone(), bytes.to_vec());
            let done = tokio::task::spawn_blocking(move || send(&peer, &bytes));
            done.await.unwrap_or_else(|error| Err(cut(error)))
        }
    }
}
