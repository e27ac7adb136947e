//! What is not read, or read with a warning, and what is said of it.

use super::*;

const SALT: &str = "c2FsdHNhbHQ";
const DIGEST: &str = "MDEyMzQ1Njc4OWFiY2RlZg";
const SHA_256: &str = "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc8";

#[test]
fn what_is_wrong_is_named() {
    let rest = &BADMIN[7..];
    for (stored, expected) in [
        (String::new(), HashError::Empty),
        ("badmin".to_owned(), HashError::PlainText),
        ("$ecret".to_owned(), HashError::PlainText),
        (format!("$$2y$$05$${rest}"), HashError::DoubledDollar),
        (format!("$2x$05${rest}"), HashError::FaultyBcrypt),
        (format!("$2$05${rest}"), HashError::Unsupported { kind: "old bcrypt (`$2$`)" }),
        (BADMIN[..59].to_owned(), HashError::Length { found: 59 }),
        (format!("{BADMIN}x"), HashError::Length { found: 61 }),
        (format!("{BADMIN}\n"), HashError::Surrounded),
        (format!(" {BADMIN}"), HashError::Surrounded),
        ("$2y$".to_owned(), HashError::Length { found: 4 }),
        (BADMIN.replace('z', "!"), HashError::Characters),
        (BADMIN.replace("zw", "é"), HashError::Characters),
        (format!("$2y$5${rest}x"), HashError::Characters),
        (format!("$2y$+5${rest}"), HashError::Characters),
        (format!("$2y$éx{rest}"), HashError::Characters),
        (format!("$2y$03${rest}"), HashError::Cost { found: 3 }),
        (format!("$2y$15${rest}"), HashError::Cost { found: 15 }),
        (format!("$2y$99${rest}"), HashError::Cost { found: 99 }),
    ] {
        assert_eq!(refusal(&stored), expected, "{stored:?}");
    }
    for cost in ["04", "09"] {
        let found = cost.parse().unwrap();
        assert_eq!(weakness(&format!("$2y${cost}${rest}")), Some(Weakness::LowBcryptCost { cost: found }));
    }
    for cost in ["10", "14"] {
        assert!(read(&format!("$2y${cost}${rest}")).is_ok());
        assert_eq!(weakness(&format!("$2y${cost}${rest}")), None);
    }
}

#[test]
fn a_mistake_comes_with_its_cure() {
    for stored in [
        "",
        "badmin",
        "$2x$05$x",
        "$6$x",
        "$2y$x",
        "$1$salt$x",
        "$apr1$x",
        "{SHA}x",
        "$argon2i$x",
        "$argon2id$x",
        "rEQUcq75bcDos",
        "{PLAIN}x",
    ] {
        let message = refusal(stored).to_string();
        assert!(
            message.contains("`dockgate hash`") && message.contains("`htpasswd -nB -C 10 ACCOUNT`"),
            "{message}"
        );
    }
    assert!(refusal("badmin").to_string().contains("perhaps the password itself"));
    // What `htpasswd -nB` prints, pasted whole.
    assert_eq!(refusal(&format!("alice:{}", argon2("m=64,t=1,p=1"))), HashError::AccountInFront);
    assert_eq!(refusal("alice:badmin"), HashError::PlainText);
}

fn argon2(parameters: &str) -> String {
    format!("$argon2id$v=19${parameters}${SALT}${DIGEST}")
}

#[test]
fn argon2id_has_bounds() {
    let cost = |memory, passes, lanes| HashError::Argon2Cost { memory, passes, lanes };
    for (parameters, expected) in [
        ("m=65537,t=1,p=1", cost(65_537, 1, 1)),
        ("m=2097152,t=1,p=4", cost(2_097_152, 1, 4)),
        ("m=65536,t=17,p=1", cost(65_536, 17, 1)),
        ("m=4294967295,t=4294967295,p=1", cost(u32::MAX, u32::MAX, 1)),
        ("m=1024,t=1025,p=1", cost(1_024, 1_025, 1)),
        ("m=65536,t=1,p=17", cost(65_536, 1, 17)),
    ] {
        assert_eq!(refusal(&argon2(parameters)), expected, "{parameters}");
    }
    for parameters in [
        "m=7,t=1,p=1",
        "m=16,t=1,p=3",
        "m=64,t=0,p=1",
        "m=64,t=1,p=0",
        "m=064,t=1,p=1",
        "m=+64,t=1,p=1",
        "m=64,t=1",
        "m=64,t=1,p=1,keyid=x",
        "t=1,m=64,p=1",
        "m=99999999999,t=1,p=1",
        "",
        "m=64,t=1,p=1 ",
    ] {
        assert!(matches!(refusal(&argon2(parameters)), HashError::Damaged { .. }), "{parameters}");
    }
    for parameters in ["m=65536,t=16,p=4", "m=65536,t=3,p=16", "m=8,t=1,p=1", "m=1024,t=1024,p=1"] {
        assert!(read(&argon2(parameters)).is_ok(), "{parameters}");
    }
    for stored in [
        format!("$argon2id$v=19$m=64,t=1,p=1${SALT}$"),
        format!("$argon2id$v=19$m=64,t=1,p=1$c2FsdA${DIGEST}"),
        format!("$argon2id$v=19$m=64,t=1,p=1${SALT}$c2FsdHNhbHQ"),
        format!("$argon2id$v=19$m=64,t=1,p=1${SALT}=${DIGEST}"),
        format!("$argon2id$v=19$m=64,t=1,p=1${SALT}${DIGEST}$"),
        "$argon2id$".to_owned(),
        "$argon2id$v=19".to_owned(),
    ] {
        assert!(matches!(refusal(&stored), HashError::Damaged { kind: "argon2id", .. }), "{stored}");
    }
}

#[test]
fn other_kinds_are_refused_by_name() {
    for (stored, name) in [
        ("$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg", "argon2i hashes"),
        ("$argon2d$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg", "argon2d hashes"),
        ("$argon2id$v=16$m=64,t=1,p=1$c2FsdHNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg", "not version 19"),
        ("$argon2id$m=64,t=1,p=1$c2FsdHNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg", "not version 19"),
        // `htpasswd -nbd u x`, `openssl passwd -1 -salt s x`.
        ("rEQUcq75bcDos", "DES crypt"),
        ("$1$s$eSlDmdCX8nqs9SNxRTvrN.", "MD5 crypt (`$1$`)"),
        ("_J9..K0AyUubRI1bZvVM", "extended DES crypt"),
        ("$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7", "yescrypt"),
        ("{CRYPT}rEQUcq75bcDos", "`{CRYPT}` hashes"),
        ("{SSHA512}xxxx", "`{…}` hashes"),
        ("secret", "perhaps the password itself"),
        ("{PLAIN}secret", "perhaps the password itself"),
        ("_secret", "perhaps the password itself"),
    ] {
        for formats in [HashFormats::Modern, HashFormats::Htpasswd] {
            let error = StoredHash::parse(stored, formats).err().unwrap().to_string();
            assert!(error.contains(name) && !error.contains("secret"), "{stored}: {error}");
        }
        assert_eq!(weakness(stored), None);
    }
}

#[test]
fn some_stand_in_htpasswd_files_only() {
    for (stored, kind, weak) in [
        ("$apr1$xFiaSRaa$76K12PjzNy2p2sMoaDyrG0", "Apache MD5", Weakness::ApacheMd5),
        ("{SHA}EfatjsUqKYSmqr+YS2scyVSHKlk=", "unsalted SHA-1", Weakness::UnsaltedSha1),
        ("{SSHA}2Z3p2LC7vhtLk1yX3IvP8nPnNrLIycrL", "salted SHA-1", Weakness::SaltedSha1),
    ] {
        assert_eq!(refusal(stored), HashError::OnlyInHtpasswd { kind });
        assert!(refusal(stored).to_string().contains("`users_file`"));
        assert_eq!(weakness(stored), Some(weak));
        for damaged in
            [&stored[..stored.len() - 1], &format!("{stored}x"), &stored.replace(['j', 'q', 'L'], "é")]
        {
            assert!(matches!(read(damaged).err(), Some(HashError::Damaged { .. })), "{damaged}");
        }
        assert_eq!(read(&format!("{stored} ")).err(), Some(HashError::Surrounded));
    }
    // The salt is too long; a salt where there is none.
    for damaged in ["$apr1$saltsalts$76K12PjzNy2p2sMoaDyrG0", "{SHA}2Z3p2LC7vhtLk1yX3IvP8nPnNrLIycrL"] {
        assert!(matches!(read(damaged).err(), Some(HashError::Damaged { .. })), "{damaged}");
    }
}

#[test]
fn sha_crypt_has_bounds() {
    let with = |rounds: &str| SHA_256.replacen("$5$", &format!("$5$rounds={rounds}$"), 1);
    assert!(read(SHA_256).is_ok());
    for (rounds, found) in [("999", 999), ("1000001", 1_000_001), ("999999999", 999_999_999), ("0", 0)] {
        assert_eq!(refusal(&with(rounds)), HashError::Rounds { found });
    }
    for rounds in ["1000", "5000", "1000000"] {
        assert!(read(&with(rounds)).is_ok());
    }
    for damaged in [with(""), with("x"), with("05000"), with("+5000"), with("99999999999")] {
        assert!(matches!(refusal(&damaged), HashError::Damaged { .. }), "{damaged}");
    }
    for damaged in [
        SHA_256.replace("saltstring", "seventeen-letters"),
        SHA_256.replace("saltstring", "sält"),
        SHA_256.replace("saltstring", "a b"),
        SHA_256.replace("$5$", "$6$"),
        SHA_256[..SHA_256.len() - 1].to_owned(),
        // Bits that no program sets.
        format!("{}z", &SHA_256[..SHA_256.len() - 1]),
        "$5$".to_owned(),
        "$5$rounds=5000".to_owned(),
        "$6$$".to_owned(),
    ] {
        assert!(matches!(refusal(&damaged), HashError::Damaged { kind: "sha-crypt", .. }), "{damaged}");
    }
}

#[test]
fn what_is_cheap_to_guess_is_warned_of() {
    let rounds = |rounds: u32| SHA_256.replacen("$5$", &format!("$5$rounds={rounds}$"), 1);
    assert_eq!(weakness(SHA_256), Some(Weakness::FewRounds { rounds: 5_000 }));
    assert_eq!(weakness(&rounds(99_999)), Some(Weakness::FewRounds { rounds: 99_999 }));
    assert_eq!(weakness(&rounds(100_000)), None);
    // OWASP's list, and what is less.
    for parameters in
        ["m=47104,t=1,p=1", "m=19456,t=2,p=1", "m=12288,t=3,p=1", "m=9216,t=4,p=1", "m=7168,t=5,p=1"]
    {
        assert_eq!(weakness(&argon2(parameters)), None, "{parameters}");
    }
    for (memory, passes) in [(19_456, 1), (7_168, 4), (7_167, 100), (64, 1)] {
        let weak = weakness(&argon2(&format!("m={memory},t={passes},p=1")));
        assert_eq!(weak, Some(Weakness::SmallArgon2 { memory, passes }));
        assert!(weak.unwrap().to_string().contains("`dockgate hash`"));
    }
}
