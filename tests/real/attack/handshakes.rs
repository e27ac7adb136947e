//! TLS that never comes to be.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use tokio::io::AsyncWriteExt as _;

use super::honest::Manner;
use super::siege::Siege;
use super::target::Target;
use super::wire::connect_all;

const CROWD: usize = 300;
const LASTS: Duration = Duration::from_secs(2);

/// What a client says first.
fn hello() -> Vec<u8> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut said = Vec::new();
    client.write_tls(&mut said).unwrap();
    said
}

#[test]
fn half_open_and_garbled_handshakes() {
    let (target, certificate) = Target::over_tls();
    let hello = hello();
    let garbled: Vec<u8> = hello.iter().map(|byte| byte ^ 0x55).collect();
    let again = [&hello[..], &hello[..]].concat();
    let kinds: [&[u8]; 7] = [
        b"",
        &hello[..hello.len() / 2],
        &hello,
        &garbled,
        // A second hello where the rest of the first handshake belongs.
        &again,
        // A record as large as records may be, of which only the beginning comes.
        b"\x16\x03\x01\x40\x00\x01\x00\x3f\xfc",
        b"GET /auth HTTP/1.1\r\nhost: plain\r\n\r\n",
    ];
    let honest = vec![Manner::Tls(certificate)];
    Siege { name: "2,100 handshakes that stop: seven kinds", target, honest, budget: 96 }.withstands(
        async |place| {
            let mut held = Vec::new();
            for kind in kinds {
                for mut stream in connect_all(place, CROWD).await {
                    let _ = stream.write_all(kind).await;
                    held.push(stream);
                }
            }
            tokio::time::sleep(LASTS).await;
            held
        },
    );
}
