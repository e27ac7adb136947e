//! A client that trusts one authority and no other.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

const ANSWERED_WITHIN: Duration = Duration::from_secs(10);

/// A connection after its handshake.
pub(super) struct Connection(BufReader<StreamOwned<ClientConnection, TcpStream>>);

pub(super) struct Answer {
    pub(super) status: String,
    pub(super) body: String,
}

/// Connects to a port of this machine, and says that it wants the server of a name.
pub(super) fn connect(port: u16, name: &str, trusted: &str) -> Result<Connection, String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(trusted.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut socket = TcpStream::connect(("127.0.0.1", port)).map_err(|error| error.to_string())?;
    socket.set_read_timeout(Some(ANSWERED_WITHIN)).unwrap();
    while client.is_handshaking() {
        client.complete_io(&mut socket).map_err(|error| error.to_string())?;
    }
    Ok(Connection(BufReader::new(StreamOwned::new(client, socket))))
}

impl Connection {
    /// The server's own certificate.
    pub(super) fn certificate(&self) -> Vec<u8> {
        self.0.get_ref().conn.peer_certificates().unwrap()[0].to_vec()
    }

    /// Asks, and leaves the connection open.
    pub(super) fn get(&mut self, target: &str) -> Answer {
        write!(self.0.get_mut(), "GET {target} HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        let (mut status, mut length) = (String::new(), 0);
        self.0.read_line(&mut status).unwrap();
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            let Some((name, value)) = line.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        Answer { status: status.trim().to_owned(), body: String::from_utf8(body).unwrap() }
    }
}
