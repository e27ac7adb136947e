//! Mistakes in what the configuration points at: keys, certificates, the port.

use std::net::TcpListener;
use std::time::SystemTime;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer};

use super::refusal::{FLAT, LISTED, SECRET, judge, line_of, refused};
use crate::process::{DAY, Server, Site, dockgate, now, pair, run};

/// A name, what is done to the files, which of the two is blamed, and the cure.
type Spoilt = (&'static str, &'static dyn Fn(&Site), &'static str, &'static str);

/// For signing: what stands in `cert.pem` and `key.pem`, which of the two is blamed, and the cure.
#[test]
fn keys_and_certificates_that_cannot_sign() {
    let cases: [Spoilt; 11] = [
        ("missing key", &|site| remove(site, "key.pem"), "key", "check the path"),
        ("missing certificate", &|site| remove(site, "cert.pem"), "certificate", "check the path"),
        (
            "mismatched",
            &|site| site.copy_key("ec.pkcs8.pem", "key.pem"),
            "certificate",
            "name the pair that belongs together",
        ),
        ("swapped", &swap, "key", "`certificate` and `key` may be swapped"),
        (
            "encrypted PKCS#8",
            &|site| site.copy_key("ec.pkcs8.encrypted.pem", "key.pem"),
            "key",
            "remove the passphrase: openssl pkey",
        ),
        (
            "encrypted PKCS#1",
            &|site| site.copy_key("rsa.pkcs1.encrypted.pem", "key.pem"),
            "key",
            "remove the passphrase",
        ),
        ("OpenSSH key", &|site| site.copy_key("openssh.pem", "key.pem"), "key", "ssh-keygen -p"),
        ("small RSA key", &|site| site.copy_key("rsa1024.pem", "key.pem"), "key", "use an EC P-256 key"),
        ("key of another curve", &|site| site.copy_key("k256.pem", "key.pem"), "key", "use an EC P-256 key"),
        ("empty key", &|site| site.write("key.pem", ""), "key", "is empty"),
        (
            "binary certificate",
            &|site| site.write("cert.pem", [0x30, 0x82, 1, 2, 3]),
            "certificate",
            "openssl x509 -inform DER",
        ),
    ];
    let mut wrong = Vec::new();
    for (name, spoil, blamed, cure) in cases {
        for config in [FLAT, LISTED] {
            let site = Site::new();
            spoil(&site);
            let line = line_of(config, &format!("  {blamed}:"));
            wrong.extend(
                refused(&site, config.as_bytes(), line, cure).err().map(|why| format!("{name}: {why}")),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn remove(site: &Site, name: &str) {
    std::fs::remove_file(site.file(name)).unwrap();
}

fn swap(site: &Site) {
    site.write("key.pem", &site.pair.certificate_pem);
    site.write("cert.pem", &site.pair.key_pem);
}

/// The pair that TLS uses has the same mistakes to make.
#[test]
fn keys_and_certificates_that_cannot_serve_tls() {
    let other = pair(now() - DAY, now() + DAY);
    let site = Site::new();
    site.write("other.pem", &other.key_pem);
    site.copy_key("ec.pkcs8.encrypted.pem", "encrypted.pem");
    let cases = [
        ("mismatched", "cert.pem", "other.pem", "key", "does not belong to the certificate in cert.pem"),
        ("missing key", "cert.pem", "gone.pem", "key", "No such file"),
        ("missing certificate", "gone.pem", "key.pem", "certificate", "No such file"),
        ("swapped", "key.pem", "cert.pem", "certificate", "no certificate in it"),
        ("encrypted", "cert.pem", "encrypted.pem", "key", "decrypt with `openssl pkey`"),
    ];
    let mut wrong = Vec::new();
    for (name, certificate, key, blamed, cure) in cases {
        let tls = format!("  certificate: {certificate}\n  key: {key}\ntoken:\n");
        let config = FLAT.replace("token:\n", &tls);
        let line = line_of(&config, &format!("  {blamed}:"));
        wrong.extend(refused(&site, config.as_bytes(), line, cure).err().map(|why| format!("{name}: {why}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_expired_certificate_is_a_warning_in_the_flat_form_and_an_error_in_lists() {
    let site = Site::new();
    let expired = pair(now() - 20 * DAY, now() - 10 * DAY);
    site.write("cert.pem", &expired.certificate_pem);
    site.write("key.pem", &expired.key_pem);
    let line = line_of(LISTED, "certificate");
    refused(&site, LISTED.as_bytes(), line, "renew it, or write `x5c: false`").unwrap();

    site.write("auth.yml", FLAT);
    let checked = run(dockgate().args(["check", "auth.yml"]).current_dir(site.path()));
    assert_eq!(checked.code, Some(0), "{checked:?}");
    let warning = format!("warning: auth.yml:{}:", line_of(FLAT, "certificate"));
    let said = checked.stdout.lines().find(|line| line.starts_with(&warning)).unwrap();
    assert!(said.contains("has expired: tokens go out without it"), "{said}");
    // And so it serves, loudly.
    let server = Server::start(&site, "auth.yml");
    let header = server.ask(Some(("alice", "alpha-pass")), "repository:a:pull").token_header();
    assert!(header.get("x5c").is_none() && header["kid"].is_string(), "{header}");
    assert!(server.stderr().contains("has expired"), "{}", server.stderr());
}

/// A leaf that is good, below an intermediate that ended, below a root that is good.
fn pair_below_an_expired_authority(site: &Site) {
    let authority = |name: &str, until: SystemTime| {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_before = (now() - 100 * DAY).into();
        params.not_after = until.into();
        params
    };
    let [root_key, middle_key, key] = [(); 3].map(|()| crate::support::ec_key());
    let root = Issuer::new(authority("root", now() + 100 * DAY), root_key);
    let middle = authority("middle", now() - DAY);
    let middle_pem = middle.signed_by(&middle_key, &root).unwrap().pem();
    let mut leaf = authority("leaf", now() + 100 * DAY);
    leaf.is_ca = IsCa::NoCa;
    let leaf_pem = leaf.signed_by(&key, &Issuer::new(middle, middle_key)).unwrap().pem();
    site.write("cert.pem", leaf_pem + &middle_pem);
    site.write("key.pem", key.serialize_pem());
}

#[test]
fn an_expired_authority_counts_like_an_expired_certificate() {
    let site = Site::new();
    pair_below_an_expired_authority(&site);
    refused(&site, LISTED.as_bytes(), line_of(LISTED, "certificate"), "chain has expired: renew it").unwrap();

    site.write("auth.yml", FLAT);
    let server = Server::start(&site, "auth.yml");
    let header = server.ask(Some(("alice", "alpha-pass")), "repository:a:pull").token_header();
    assert!(header.get("x5c").is_none() && header["kid"].is_string(), "{header}");
    assert!(server.stderr().contains("chain has expired"), "{}", server.stderr());
}

#[test]
fn dates_that_matter_soon_are_warned_of() {
    let cases = [
        (now() - DAY, now() + 10 * DAY, "expires in 9 days: renew it"),
        (now() + DAY, now() + 365 * DAY, "is not valid yet"),
    ];
    for (from, until, says) in cases {
        let site = Site::with(LISTED);
        let pair = pair(from, until);
        site.write("cert.pem", &pair.certificate_pem);
        site.write("key.pem", &pair.key_pem);
        let checked = run(dockgate().args(["check", "auth.yml"]).current_dir(site.path()));
        assert_eq!(checked.code, Some(0), "{checked:?}");
        assert!(checked.stdout.contains(says), "{says}: {}", checked.stdout);
    }
}

#[test]
fn a_taken_port_is_named_with_its_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let config = FLAT.replace("127.0.0.1:0", &addr);
    // A weak hash is warned of; the first line is the place all the same.
    let weak = config.replace("$2y$10$", "$2y$05$");
    for config in [config, weak] {
        let site = Site::with(&config);
        let checked = run(dockgate().args(["check", "auth.yml"]).current_dir(site.path()));
        assert_eq!(checked.code, Some(0), "a check takes no port: {checked:?}");
        let ended =
            run(dockgate().args(["serve", "auth.yml"]).env("SECRET", SECRET).current_dir(site.path()));
        let cure = format!("{addr} is in use: stop whoever listens there, or choose another port");
        judge(&ended, "auth.yml:2:", &cure).unwrap_or_else(|why| panic!("{why}: {ended:#?}"));
    }
}

#[test]
fn addresses_and_sockets_that_cannot_be_had() {
    let site = Site::new();
    site.write("not-a-socket", "precious");
    for (addr, cure) in [
        ("\"192.0.2.1:0\"", "this machine has no address"),
        ("not-a-socket\n  net: unix", "is there and is no socket: remove it"),
        ("gone/dockgate.sock\n  net: unix", "the directory of gone/dockgate.sock is not there: make it"),
    ] {
        site.write("auth.yml", FLAT.replace("\"127.0.0.1:0\"", addr));
        let ended = run(dockgate().args(["serve", "auth.yml"]).current_dir(site.path()));
        judge(&ended, "auth.yml:2:", cure).unwrap_or_else(|why| panic!("{addr}: {why}: {ended:#?}"));
    }
    assert_eq!(std::fs::read_to_string(site.file("not-a-socket")).unwrap(), "precious");
    // A second server on a socket that is served.
    site.write("auth.yml", FLAT.replace("\"127.0.0.1:0\"", "dockgate.sock\n  net: unix"));
    let _first = Server::start_command(dockgate().args(["serve", "auth.yml"]).current_dir(site.path()));
    let second = run(dockgate().args(["serve", "auth.yml"]).current_dir(site.path()));
    judge(&second, "auth.yml:2:", "somebody is listening on dockgate.sock").unwrap();
}
