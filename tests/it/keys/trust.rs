//! `dockgate check --registry-bundle | --registry-jwks`. That its verdicts are those of registries is for `tests/real`.

use super::{config, done, typed};
use crate::process::{DAY, Ended, Site, now, pair};

const PAIR: &str = "  certificate: cert.pem\n  key: key.pem";

fn verdicts(said: &str) -> Vec<bool> {
    said.lines()
        .filter(|line| line.starts_with("  registry "))
        .map(|line| line.ends_with("takes them"))
        .collect()
}

#[track_caller]
fn refused(ended: &Ended, why: &str) {
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.output().contains(why), "{why:?} is not in\n{}", ended.output());
}

#[test]
fn what_is_exported_is_taken() {
    let site = Site::with(&config(PAIR));
    site.write("bundle.pem", done(&site, "keys export --bundle auth.yml"));
    assert_eq!(verdicts(&done(&site, "check auth.yml --registry-bundle bundle.pem")), [true; 3]);

    site.write("auth.yml", config(&format!("{PAIR}\n  x5c: false\n  key_id: rfc7638")));
    site.write("jwks.json", done(&site, "keys export --jwks auth.yml"));
    assert_eq!(verdicts(&done(&site, "check auth.yml --registry-jwks jwks.json")), [false, true, true]);
    assert_eq!(verdicts(&done(&site, "check auth.yml --registry-bundle bundle.pem")), [false, false, true]);
}

#[test]
fn a_refusal_names_the_cure() {
    let site = Site::with(&config(PAIR));
    site.write("jwks.json", done(&site, "keys export --jwks auth.yml"));
    let ended = typed(&site, "check auth.yml --registry-jwks jwks.json");
    refused(&ended, "refuses every token with `x5c`; write `x5c: false`");

    site.write("auth.yml", config(&format!("{PAIR}\n  x5c: false")));
    site.write("bundle.pem", done(&site, "keys export --bundle auth.yml"));
    let said = done(&site, "check auth.yml --registry-bundle bundle.pem");
    assert_eq!(verdicts(&said), [true, false, false]);
    assert!(said.contains("it knows no key by the id") && said.contains("write `x5c: true`"), "{said}");

    let other = pair(now() - DAY, now() + DAY);
    site.write("other.pem", &other.certificate_pem);
    site.write("auth.yml", config(PAIR));
    let ended = typed(&site, "check auth.yml --registry-bundle other.pem");
    refused(
        &ended,
        "is the signing certificate or issued it; give the registry what `dockgate keys export --bundle auth.yml` prints",
    );
    refused(&ended, "not one of our certificates: its key can sign tokens too");
}

#[test]
fn one_service_can_be_asked_about() {
    let services = "  services: {by-jwks: {x5c: false, key_id: rfc7638}}";
    let site = Site::with(&config(&format!("{PAIR}\n{services}")));
    site.write("jwks.json", done(&site, "keys export --jwks auth.yml"));
    let words = |service: &str| format!("check auth.yml --registry-jwks jwks.json{service}");
    refused(&typed(&site, &words("")), "tokens for services that are not listed");
    let said = done(&site, &words(" --service by-jwks"));
    assert!(!said.contains("not listed"), "{said}");
    refused(&typed(&site, &words(" --service other")), "tokens for services that are not listed");
    refused(&typed(&site, "check auth.yml --service by-jwks"), "required arguments were not provided");

    let closed = format!("{PAIR}\n{services}\n  other_services: refuse");
    site.write("auth.yml", config(&closed));
    refused(&typed(&site, &words(" --service by-jkws")), "gets no tokens here: did you mean `by-jwks`?");
    let said = done(&site, &words(""));
    assert!(!said.contains("not listed"), "nobody else gets tokens: {said}");
}

#[test]
fn one_version_can_be_asked_about() {
    let site = Site::with(&config(&format!("{PAIR}\n  x5c: false")));
    site.write("bundle.pem", done(&site, "keys export --bundle auth.yml"));
    let words =
        |version: &str| format!("check auth.yml --registry-bundle bundle.pem --registry-version {version}");
    assert_eq!(verdicts(&done(&site, &words("2.8"))), [true]);
    for version in ["3.0", "3.1"] {
        refused(&typed(&site, &words(version)), "it knows no key by the id");
    }
    refused(&typed(&site, &words("3.2")), "write 2.8, 3.0 or 3.1");
}

/// What pleases one registry may lose another.
#[test]
fn a_cure_names_its_price() {
    let site = Site::with(&config(&format!("{PAIR}\n  x5c: false\n  key_id: rfc7638")));
    site.write("bundle.pem", done(&site, "keys export --bundle auth.yml"));
    let said = done(&site, "check auth.yml --registry-bundle bundle.pem");
    assert!(said.contains("write `x5c: true` in `token`\n"), "it costs nothing: {said}");
    let expired = pair(now() - 3 * DAY, now() - DAY);
    site.write("cert.pem", &expired.certificate_pem);
    site.write("key.pem", &expired.key_pem);
    site.write("bundle.pem", done(&site, "keys export --bundle auth.yml"));
    let said = done(&site, "check auth.yml --registry-bundle bundle.pem");
    assert!(
        said.contains("write `x5c: false` and `key_id: libtrust` in `token` (then 3.1 refuses them)"),
        "{said}"
    );
}

#[test]
fn keys_of_other_registries_are_named() {
    let site = Site::new();
    site.copy_key("ec.crt", "other.pem");
    site.copy_key("ec.pkcs8.pem", "other.key");
    site.write("auth.yml", config(
        "  keys: [{certificate: cert.pem, key: key.pem}, {certificate: other.pem, key: other.key, services: [zot]}]",
    ));
    let other = std::fs::read_to_string(site.file("other.pem")).unwrap();
    site.write("both.pem", site.pair.certificate_pem.clone() + &other);
    let said = done(&site, "check auth.yml --registry-bundle both.pem --service any");
    assert!(said.contains("of a key that signs for other registries"), "{said}");
    let said = done(&site, "check auth.yml --registry-bundle both.pem");
    assert!(!said.contains("other registries"), "{said}");
}

/// The root of our own chain is no stranger, though the file does not go up to it.
#[test]
fn an_authority_above_our_chain_is_ours() {
    let site = Site::new();
    for name in ["chain.leaf.crt", "chain.intermediate.crt", "chain.root.crt", "ec.pkcs8.pem"] {
        site.copy_key(name, name);
    }
    let read = |name: &str| std::fs::read_to_string(site.file(name)).unwrap();
    for with_root in [false, true] {
        let root = if with_root { read("chain.root.crt") } else { String::new() };
        site.write("chain.pem", read("chain.leaf.crt") + &read("chain.intermediate.crt") + &root);
        site.write("auth.yml", config("  certificate: chain.pem\n  key: ec.pkcs8.pem"));
        let said = done(&site, "check auth.yml --registry-bundle chain.root.crt");
        assert_eq!(verdicts(&said), [true; 3], "{said}");
        assert!(!said.contains("nothing to do with our keys"), "{said}");
    }
}

/// A registry takes tokens from whoever gets a certificate of an authority in its bundle.
#[test]
fn foreign_authorities_are_refused() {
    let site = Site::with(&config(PAIR));
    site.copy_key("chain.root.crt", "foreign.pem");
    let foreign = std::fs::read_to_string(site.file("foreign.pem")).unwrap();
    site.write("bundle.pem", site.pair.certificate_pem.clone() + &foreign);
    let ended = typed(&site, "check auth.yml --registry-bundle bundle.pem");
    assert_eq!(verdicts(&ended.stdout), [true; 3], "it works, and is dangerous");
    refused(&ended, "an authority that has nothing to do with our keys");
}

#[test]
fn an_authority_for_tls_servers_is_refused() {
    use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer};
    let site = Site::new();
    for (purpose, is_refused) in [(Some(ExtendedKeyUsagePurpose::ServerAuth), true), (None, false)] {
        let authority_key = crate::support::ec_key();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        site.write("authority.pem", params.self_signed(&authority_key).unwrap().pem());
        let (key, mut leaf) = (crate::support::ec_key(), CertificateParams::default());
        leaf.extended_key_usages.extend(purpose);
        let leaf = leaf.signed_by(&key, &Issuer::new(params, authority_key)).unwrap();
        site.write("cert.pem", leaf.pem());
        site.write("key.pem", key.serialize_pem());
        site.write("auth.yml", config(PAIR));
        let ended = typed(&site, "check auth.yml --registry-bundle authority.pem");
        assert_eq!(verdicts(&ended.stdout), [true; 3], "{ended:?}");
        if is_refused {
            refused(&ended, "an authority for TLS servers");
        } else {
            assert_eq!(ended.code, Some(0), "{ended:?}");
            assert!(ended.stdout.contains("warning: ") && ended.stdout.contains("whatever else it issues"));
        }
    }
}

#[test]
fn files_that_no_registry_should_be_given_are_refused() {
    let site = Site::with(&config(PAIR));
    let private_jwk =
        r#"{"keys": [{"kty": "EC", "crv": "P-256", "kid": "a", "x": "AA", "y": "AA", "d": "AA"}]}"#;
    let unknown = r#"{"keys": [{"kty": "oct", "kid": "a"}]}"#;
    let cases = [
        ("bundle", String::new(), "is empty"),
        ("bundle", "text".to_owned(), "is not a PEM file"),
        ("bundle", site.pair.key_pem.clone(), "holds a private key, which no registry should be given"),
        (
            "bundle",
            site.pair.certificate_pem.clone() + &site.pair.key_pem,
            "holds a private key, which no registry",
        ),
        ("jwks", String::new(), "is no JWK set"),
        ("jwks", r#"{"keys": []}"#.to_owned(), "holds no key"),
        ("jwks", private_jwk.to_owned(), "key 1 in the file is a private one"),
        ("jwks", unknown.to_owned(), "key 1 in the file is damaged or of a kind"),
        ("jwks", site.pair.certificate_pem.clone(), "is no JWK set"),
    ];
    for (kind, content, why) in cases {
        site.write("given", &content);
        let ended = typed(&site, &format!("check auth.yml --registry-{kind} given"));
        refused(&ended, why);
        refused(&ended, "given: ");
        assert!(!ended.output().contains("PRIVATE KEY-----"), "{}", ended.output());
    }
    refused(&typed(&site, "check auth.yml --registry-bundle nowhere"), "nowhere: cannot be read");
    refused(&typed(&site, "check auth.yml --registry-bundle a --registry-jwks b"), "cannot be used with");
    refused(&typed(&site, "check auth.yml --offline --registry-bundle a"), "cannot be used with");
}

/// A registry that knows the key and not the authority takes the tokens for some days.
#[test]
fn what_does_not_last_is_not_good() {
    let site = Site::with(&config("  managed_keys: keys"));
    done(&site, "keys init keys");
    let leaf = std::fs::read_to_string(site.file("keys/leaf.key")).unwrap();
    let (_, certificate) = leaf.split_once("-----BEGIN CERTIFICATE").unwrap();
    site.write("leaf.pem", format!("-----BEGIN CERTIFICATE{certificate}"));
    let ended = typed(&site, "check auth.yml --registry-bundle leaf.pem");
    refused(
        &ended,
        "takes them until the key is renewed, in days; give the registry what `dockgate keys export --bundle",
    );

    site.write("jwks.json", done(&site, "keys export --jwks --short-lived auth.yml"));
    let ended = typed(&site, "check auth.yml --registry-jwks jwks.json");
    refused(&ended, "refuses every token with `x5c`; give the registry what `dockgate keys export --bundle");

    site.write("old.pem", std::fs::read(site.file("keys/bundle.pem")).unwrap());
    done(&site, "keys next-ca keys");
    let said = done(&site, "check auth.yml --registry-bundle old.pem");
    assert!(said.contains("it will issue one day, and is not in this bundle"), "{said}");
    site.write("new.pem", std::fs::read(site.file("keys/bundle.pem")).unwrap());
    assert!(!done(&site, "check auth.yml --registry-bundle new.pem").contains("it will issue one day"));
}

/// Who mixes files up must not find a secret in the message.
#[test]
fn a_message_quotes_nothing_of_the_file() {
    let site = Site::with(&config(PAIR));
    for content in
        [r#"{"keys": "canary"}"#, r#"{"keys": [{"kty": 1, "d": "canary"}]}"#, "canary", "{\"canary\": 1}"]
    {
        site.write("given", content);
        for kind in ["bundle", "jwks"] {
            let ended = typed(&site, &format!("check auth.yml --registry-{kind} given"));
            assert!(ended.code == Some(2) && !ended.output().contains("canary"), "{ended:?}");
        }
    }
}
