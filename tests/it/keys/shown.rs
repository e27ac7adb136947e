//! `dockgate keys show` and `keys export`.

use dockgate::config::yaml;
use serde_json::Value;

use super::{config, done, typed};
use crate::process::Site;

const BOTH: &str = "  keys:
    - managed_keys: keys
    - {name: fixed, certificate: cert.pem, key: key.pem, services: [by-jwks]}
  services:
    by-jwks: {x5c: false, key_id: rfc7638, expiration: 60}";

fn site(token: &str) -> Site {
    let site = Site::with(&config(token));
    done(&site, "keys init keys");
    site
}

#[test]
fn each_key_is_shown_with_both_ids_and_its_end() {
    let said = done(&site(BOTH), "keys show auth.yml");
    let count = |text: &str| said.matches(text).count();
    assert_eq!(
        (count("libtrust id"), count("RFC 7638 id"), count("algorithm     ES256 (EC P-256)")),
        (2, 2, 2),
        "{said}"
    );
    for line in [
        "signs for     every service that is not listed",
        "signs for     by-jwks",
        "CN=dockgate signing CA",
        "CN=it.example.test, 20",
        "renewal       by itself",
    ] {
        assert!(said.contains(line), "{line} is not in\n{said}");
    }
    assert!(!said.contains("PRIVATE"), "{said}");
}

/// The lines between the introduction and the next empty line, as they would stand in the registry's file.
fn settings(said: &str, introduction: &str) -> String {
    let (_, rest) =
        said.split_once(introduction).unwrap_or_else(|| panic!("{introduction:?} is not in\n{said}"));
    let block: Vec<&str> =
        rest.trim_start_matches('\n').lines().take_while(|line| !line.trim().is_empty()).collect();
    block.join("\n")
}

#[test]
fn the_registrys_settings_are_yaml_that_says_the_same() {
    let said = done(&site(BOTH), "keys show auth.yml");
    let (_, by_jwks) = said.split_once("the registry whose service is by-jwks").unwrap();
    for (block, service, setting) in [
        (
            settings(&said, "With `rootcertbundle`, for registry 2.8, 3.0, 3.1:\n"),
            "SERVICE",
            "rootcertbundle",
        ),
        (settings(by_jwks, "With `jwks`, for registry 3.0, 3.1:\n"), "by-jwks", "jwks"),
    ] {
        let root = yaml::parse("registry.yml", &block, &mut Vec::new()).unwrap();
        let token = &root.get("auth").unwrap().value.get("token").unwrap().value;
        let text =
            |key: &str| token.get(key).and_then(|entry| entry.value.as_text()).unwrap_or_default().to_owned();
        assert_eq!(text("issuer"), "it's \"ours\"");
        assert_eq!(text("service"), service);
        assert!(text("realm").ends_with("/auth"));
        assert!(text(setting).starts_with('/'), "{block}");
    }
}

#[test]
fn forms_that_no_registry_takes_are_named_with_the_cure() {
    let said = done(&site("  managed_keys: keys\n  x5c: false"), "keys show auth.yml");
    assert!(
        said.contains("With `rootcertbundle`: no registry takes tokens of this form. Write `x5c: true`"),
        "{said}"
    );
    let said = done(&site("  certificate: cert.pem\n  key: key.pem"), "keys show auth.yml");
    assert!(
        said.contains("With `jwks`: no registry takes tokens of this form. Write `x5c: false`"),
        "{said}"
    );
}

#[test]
fn each_registry_is_told_of_its_own_key() {
    let site = site(BOTH);
    let authority = std::fs::read_to_string(site.file("keys/bundle.pem")).unwrap();
    let own = site.pair.certificate_pem.replace("\r\n", "\n");
    assert_eq!(done(&site, "keys export --bundle --service by-jwks auth.yml"), own);
    for other in ["any", "SERVICE"] {
        assert_eq!(done(&site, &format!("keys export --bundle --service {other} auth.yml")), authority);
    }
    let jwks = done(&site, "keys export --jwks --service by-jwks auth.yml");
    assert_eq!(jwks.matches("\"kid\"").count(), 2, "{jwks}");
    let which = typed(&site, "keys export --bundle auth.yml");
    assert!(which.code == Some(2) && which.stderr.contains("say which with --service"), "{which:?}");
    // What is printed says so.
    let said = done(&site, "keys show auth.yml");
    assert!(said.contains("keys export --jwks --service by-jwks auth.yml > jwks.json"), "{said}");
    assert!(said.contains("keys export --bundle --service SERVICE auth.yml > bundle.pem"), "{said}");
}

/// A key that signs for nobody yet is published with the one that signs.
#[test]
fn a_key_for_later_is_exported_beside_the_present_one() {
    let site = Site::new();
    site.copy_key("ec.crt", "next.pem");
    site.copy_key("ec.pkcs8.pem", "next.key");
    let keys = "  keys: [{certificate: cert.pem, key: key.pem}, {certificate: next.pem, key: next.key}]";
    site.write("auth.yml", config(keys));
    assert_eq!(done(&site, "keys export --bundle auth.yml").matches("BEGIN CERTIFICATE").count(), 2);
    assert!(done(&site, "keys show auth.yml").contains("nothing yet, only published"));
}

/// Of a chain the authority, if it is one for such keys; never one that issues for TLS servers.
#[test]
fn the_bundle_of_a_chain_is_its_authority_or_the_certificate_alone() {
    use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer};
    let site = Site::new();
    for tls in [false, true] {
        let authority_key = crate::support::ec_key();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let authority = params.self_signed(&authority_key).unwrap();
        let (key, mut leaf) = (crate::support::ec_key(), CertificateParams::default());
        leaf.extended_key_usages.extend(tls.then_some(ExtendedKeyUsagePurpose::ServerAuth));
        let leaf = leaf.signed_by(&key, &Issuer::new(params, authority_key)).unwrap();
        site.write("cert.pem", authority.pem() + &leaf.pem());
        site.write("key.pem", key.serialize_pem());
        site.write("auth.yml", config("  certificate: cert.pem\n  key: key.pem"));
        let wanted = if tls { leaf.der() } else { authority.der() };
        let bundle = done(&site, "keys export --bundle auth.yml");
        site.write("bundle.pem", &bundle);
        assert_eq!(pem_body(&bundle), base64(wanted), "for TLS servers: {tls}");
        assert_eq!(
            done(&site, "check auth.yml --registry-bundle bundle.pem").matches("  takes them").count(),
            3
        );
    }
}

fn pem_body(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with("-----")).collect()
}

fn base64(der: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(der)
}

#[test]
fn the_jwks_is_what_the_server_serves() {
    let site = site("  certificate: cert.pem\n  key: key.pem\n  key_id: {text: \"of 2026\"}");
    let document: Value = serde_json::from_str(&done(&site, "keys export --jwks auth.yml")).unwrap();
    let ids: Vec<&str> =
        document["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap()).collect();
    assert_eq!((ids.len(), ids[2]), (3, "of 2026"));
    let server = crate::process::Server::start(&site, "auth.yml");
    let served: Value =
        serde_json::from_str(&server.address().get("/.well-known/jwks.json", None).body).unwrap();
    assert_eq!(served, document);
}

#[test]
fn keys_that_are_gone_in_days_are_exported_only_on_demand() {
    let site = site("  managed_keys: keys");
    let refused = typed(&site, "keys export --jwks auth.yml");
    assert!(refused.code == Some(1) && refused.stdout.is_empty(), "{refused:?}");
    assert!(
        refused.stderr.contains("--bundle") && refused.stderr.contains("--short-lived"),
        "{}",
        refused.stderr
    );
    let document: Value =
        serde_json::from_str(&done(&site, "keys export --jwks --short-lived auth.yml")).unwrap();
    assert_eq!(document["keys"].as_array().unwrap().len(), 2);
    let unknown = typed(&site, "keys export --bundle --service other auth.yml");
    assert_eq!(unknown.code, Some(0), "all services are served: {unknown:?}");
    assert_eq!(typed(&site, "keys export auth.yml").code, Some(2));
    assert_eq!(typed(&site, "keys export --bundle --jwks auth.yml").code, Some(2));
}
