//! Redis behind TLS, which asks who is there.

use dockgate_api::Store as _;
use serde_json::json;

use super::super::opened::conforms;
use super::server::{KEEPS, Server};
use super::{SHELF, call, open};
use crate::directory::authority::{Authority, Pair};

fn start(authority: &Authority, pair: &Pair) -> Option<Server> {
    let [certificate, key, ca] =
        [&pair.certificate, &pair.key, &authority.certificate].map(|file| file.to_str().unwrap());
    let tls = ["--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", ca];
    Server::with(&[&KEEPS[..], &tls, &["--tls-auth-clients", "yes"]].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sides_prove_who_they_are() {
    let authority = Authority::new();
    let Some(server) = start(&authority, &authority.server(&[])) else { return };
    let client = authority.client("dockgate");
    let tls = json!({"ca_certificate": authority.certificate, "certificate": client.certificate, "key": client.key});
    conforms("redis", &json!({"addr": server.addr(), "tls": tls})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_handshake_is_told() {
    let authority = Authority::new();
    let Some(server) = start(&authority, &authority.server_named_only(&["redis.example.test"])) else {
        return;
    };
    let (client, other) = (authority.client("dockgate"), Authority::new());
    let pair = json!({"certificate": client.certificate, "key": client.key});
    let with = |more: serde_json::Value| {
        let mut tls = pair.clone();
        tls.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        tls
    };
    let ca = &authority.certificate;
    let cases = [
        (
            with(json!({"ca_certificate": other.certificate})),
            "name the authority's PEM file with `tls.ca_certificate`",
        ),
        (json!(true), "signed by nobody who is trusted here"),
        (with(json!({"ca_certificate": ca})), "write one of these with `tls.server_name`"),
        (
            json!({"ca_certificate": ca, "server_name": "redis.example.test"}),
            "give it one with `tls.certificate` and `tls.key`",
        ),
        (json!(false), "does it want TLS on this port? That is `tls: true`"),
    ];
    for (tls, part) in cases {
        let store = open(&json!({"addr": server.addr(), "tls": tls}));
        let error = store.get(&call(), SHELF, "one").await.unwrap_err().to_string();
        assert!(error.contains(part), "{tls}: {error}");
    }
    let tls = with(json!({"ca_certificate": ca, "server_name": "redis.example.test"}));
    let store = open(&json!({"addr": server.addr(), "tls": tls}));
    assert_eq!(store.get(&call(), SHELF, "one").await.unwrap(), None);
}
