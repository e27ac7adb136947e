//! TLS, with a client of its own: the other one is built without.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::super::{Authority, Identity, Mood, RunningDirectory};
use super::client::example;

const BIND: [u8; 14] = [0x30, 12, 2, 1, 1, 0x60, 7, 2, 1, 3, 4, 0, 0x80, 0];
const NAME: &str = "1.3.6.1.4.1.1466.20037";

fn trusting(authority: &Authority, client: Option<&Identity>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots);
    let config = match client {
        Some(identity) => {
            let certificate = CertificateDer::from_pem_slice(identity.certificate.as_bytes()).unwrap();
            let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
            builder.with_client_auth_cert(vec![certificate], key).unwrap()
        }
        None => builder.with_no_client_auth(),
    };
    TlsConnector::from(Arc::new(config))
}

/// The result code of an anonymous bind.
async fn bind(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<u8> {
    stream.write_all(&BIND).await?;
    let mut answer = [0; 14];
    stream.read_exact(&mut answer).await?;
    Ok(answer[9])
}

async fn tls(
    directory: &RunningDirectory,
    connector: &TlsConnector,
    name: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(directory.addr).await?;
    connector.connect(ServerName::try_from(name.to_owned()).unwrap(), stream).await
}

#[tokio::test]
async fn certificates_are_for_whom_they_say() {
    let (ours, foreign) = (Authority::new(), Authority::new());
    let directory = example().ldaps(&ours.server(&["dc1.example.com", "127.0.0.1"])).start().await;
    assert!(directory.url().starts_with("ldaps://127.0.0.1:"));
    let connector = trusting(&ours, None);
    for name in ["dc1.example.com", "127.0.0.1"] {
        assert_eq!(bind(tls(&directory, &connector, name).await.unwrap()).await.unwrap(), 0);
    }
    let reason = |result: std::io::Result<TlsStream<TcpStream>>| result.unwrap_err().to_string();
    let other = reason(tls(&directory, &connector, "dc2.example.com").await);
    assert!(other.contains("not valid for name"), "{other}");
    let unknown = reason(tls(&directory, &trusting(&foreign, None), "127.0.0.1").await);
    assert!(unknown.contains("UnknownIssuer"), "{unknown}");
    directory.present(&ours.expired_server(&["127.0.0.1"]), None);
    let expired = reason(tls(&directory, &connector, "127.0.0.1").await);
    assert!(expired.contains("expired"), "{expired}");
    let seen: Vec<_> = directory.handshakes().into_iter().map(|seen| seen.server_name).collect();
    assert_eq!(seen, [Some("dc1.example.com".to_owned()), None]);
    assert!(directory.binds().iter().all(|bind| bind.tls));
}

#[tokio::test]
async fn clients_show_certificates_too() {
    let (ours, people) = (Authority::new(), Authority::new());
    let directory = || example().ldaps(&ours.server(&["127.0.0.1"]));
    let directory = directory().demand_client_certificate(&people).start().await;
    let known = trusting(&ours, Some(&people.client("dockgate")));
    assert_eq!(bind(tls(&directory, &known, "127.0.0.1").await.unwrap()).await.unwrap(), 0);
    assert!(directory.handshakes()[0].client_certificate);
    for connector in [trusting(&ours, None), trusting(&ours, Some(&ours.client("dockgate")))] {
        // The client may learn of it only when it reads.
        let answer = match tls(&directory, &connector, "127.0.0.1").await {
            Ok(stream) => bind(stream).await,
            Err(error) => Err(error),
        };
        assert!(answer.is_err());
    }
    assert_eq!((directory.handshakes().len(), directory.binds().len()), (1, 1));
}

#[tokio::test]
async fn tls_begins_when_it_is_asked_for() {
    let ours = Authority::new();
    let directory = example().start_tls(&ours.server(&["localhost"])).start().await;
    let asked = [&[0x30, 29, 2, 1, 1, 0x77, 24, 0x80, 22][..], NAME.as_bytes()].concat();
    let begin = async || {
        let mut stream = TcpStream::connect(directory.addr).await.unwrap();
        stream.write_all(&asked).await.unwrap();
        let mut answer = [0; 14];
        stream.read_exact(&mut answer).await.map(|_| (stream, answer[9]))
    };
    let (stream, code) = begin().await.unwrap();
    assert_eq!(code, 0);
    let name = ServerName::try_from("localhost").unwrap();
    assert_eq!(bind(trusting(&ours, None).connect(name, stream).await.unwrap()).await.unwrap(), 0);
    assert_eq!(bind(TcpStream::connect(directory.addr).await.unwrap()).await.unwrap(), 0);
    let seen: Vec<bool> = directory.binds().into_iter().map(|bind| bind.tls).collect();
    assert_eq!(seen, [true, false]);
    directory.mood(Mood::HangUp);
    assert!(begin().await.is_err());

    let without = example().start().await;
    let mut stream = TcpStream::connect(without.addr).await.unwrap();
    stream.write_all(&asked).await.unwrap();
    let mut answer = [0; 10];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer[9], 2);
}
