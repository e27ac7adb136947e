//! The header of a token: how a registry finds the key.

use crate::support::{ALICE, Ask, Setup, SigningFiles, TestServer, names, users};

fn server(signing: SigningFiles, token: &str) -> TestServer {
    TestServer::of(Setup::new(format!("users: {}\nacl: []", users(""))).signing(signing).token(token))
}

/// The DER of a PEM certificate, as `x5c` holds it.
fn base64_of(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with("-----")).collect()
}

#[test]
fn the_header_is_as_the_options_say() {
    let both = ["alg", "kid", "typ", "x5c"];
    for (signing, algorithm) in [(SigningFiles::EcGenerated, "ES256"), (SigningFiles::Rsa, "RS256")] {
        for (options, legacy_kid, header_names) in [
            ("", true, &both[..]),
            ("disable_legacy_key_id: true", false, &both[..]),
            ("x5c: false", true, &both[..3]),
            ("x5c: false\ndisable_legacy_key_id: true", false, &both[..3]),
        ] {
            let server = server(signing, options);
            let header = server.token(&Ask::auth().basic(ALICE)).header;
            let (libtrust, thumbprint) = server.key_ids();
            assert_eq!(names(&header), header_names, "{signing:?} {options}");
            assert_eq!(header["typ"], "JWT");
            assert_eq!(header["alg"], algorithm);
            assert_eq!(
                header["kid"],
                if legacy_kid { libtrust } else { thumbprint },
                "{signing:?} {options}"
            );
            if header_names.contains(&"x5c") {
                assert_eq!(header["x5c"], serde_json::json!([base64_of(&server.certificate_pem())]));
            }
        }
    }
}

#[test]
fn the_two_kinds_of_key_id_look_as_registries_expect() {
    let (libtrust, thumbprint) = server(SigningFiles::Rsa, "").key_ids();
    let groups: Vec<&str> = libtrust.split(':').collect();
    assert_eq!(groups.len(), 12);
    assert!(groups.iter().all(|group| group.len() == 4), "{libtrust}");
    assert_eq!(thumbprint.len(), 43);
}

#[test]
fn two_servers_with_keys_of_their_own_do_not_verify_each_other() {
    let [one, other] = [(), ()].map(|()| server(SigningFiles::EcGenerated, ""));
    let answer = one.ask(&Ask::auth().basic(ALICE));
    one.read(&answer);
    let foreign = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| other.read(&answer)));
    assert!(foreign.is_err());
}
