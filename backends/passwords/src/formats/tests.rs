use dockgate_api::secrecy::SecretString;
use dockgate_testkit::fakes::RepeatableRandom;
use proptest::prelude::*;

use super::bcrypt::{DEFAULT_COST, hash_bcrypt};
use super::*;

const BADMIN: &str = "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC";
const ONE_TWO_THREE: &str = "$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya";

fn matches(stored: &str, password: &str) -> bool {
    StoredHash::parse(stored).unwrap().matches(password)
}

fn refusal(stored: &str) -> HashError {
    StoredHash::parse(stored).err().unwrap()
}

fn hash(password: &str, cost: u32) -> Result<String, NewHashError> {
    hash_bcrypt(&SecretString::from(password), cost, &RepeatableRandom::seeded(7))
}

#[test]
fn hashes_of_other_programs() {
    // The first two are docker_auth's reference users, the others jBCrypt's and crypt_blowfish's vectors.
    for (stored, password) in [
        (BADMIN, "badmin"),
        (ONE_TWO_THREE, "123"),
        ("$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe", "a"),
        ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"),
    ] {
        assert!(matches(stored, password), "{password}");
        assert!(!matches(stored, &format!("{password}x")));
        assert!(!matches(stored, ""));
        for prefix in ["$2a$", "$2b$", "$2y$"] {
            assert!(matches(&format!("{prefix}{}", &stored[4..]), password));
        }
    }
}

#[test]
fn unused_bits_at_the_end_of_the_salt_are_ignored() {
    let mut stored = BADMIN.to_owned();
    stored.replace_range(28..29, "v");
    assert_ne!(stored, BADMIN);
    assert!(matches(&stored, "badmin"));
}

#[test]
fn a_password_is_never_cut() {
    let longest = "x".repeat(72);
    let stored = hash(&longest, 4).unwrap();
    assert!(matches(&stored, &longest));
    assert!(!matches(&stored, &"x".repeat(73)));
    assert!(!matches(&stored, &"x".repeat(71)));
    assert!(!matches(&hash("abc", 4).unwrap(), "abc\0"));
    assert!(!matches(&hash("abc", 4).unwrap(), "abc\0def"));
    // 36 characters are 72 bytes, 37 are more.
    let stored = hash(&"é".repeat(36), 4).unwrap();
    assert!(matches(&stored, &"é".repeat(36)));
    assert!(!matches(&stored, &"é".repeat(37)));
}

#[test]
fn a_new_hash_is_accepted_and_salted() {
    let random = RepeatableRandom::seeded(7);
    let password = SecretString::from("correct horse");
    let (one, two) = (
        hash_bcrypt(&password, DEFAULT_COST, &random).unwrap(),
        hash_bcrypt(&password, DEFAULT_COST, &random).unwrap(),
    );
    assert!(one.starts_with("$2y$10$"));
    assert_ne!(one, two);
    assert!(matches(&one, "correct horse"));
    assert_eq!(weakness(&one), None);
}

#[test]
fn no_hash_is_made_of_what_could_not_log_in() {
    assert_eq!(hash("", 10), Err(NewHashError::Empty));
    assert_eq!(hash("a\0b", 10), Err(NewHashError::Nul));
    assert_eq!(hash(&"x".repeat(73), 10), Err(NewHashError::TooLong { bytes: 73 }));
    assert_eq!(hash("x", 3), Err(NewHashError::Cost { asked: 3 }));
    assert_eq!(hash("x", 15), Err(NewHashError::Cost { asked: 15 }));
}

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
        (
            "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".to_owned(),
            HashError::Unsupported { kind: "argon2" },
        ),
        ("$6$salt$hash".to_owned(), HashError::Unsupported { kind: "SHA-512 crypt" }),
        ("{SHA}hash=".to_owned(), HashError::Unsupported { kind: "unsalted SHA-1" }),
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
        assert!(StoredHash::parse(&format!("$2y${cost}${rest}")).is_ok());
        assert_eq!(weakness(&format!("$2y${cost}${rest}")), None);
    }
}

#[test]
fn a_mistake_comes_with_its_cure() {
    for stored in ["", "badmin", "$2x$05$x", "$6$x", "$2y$x"] {
        let message = refusal(stored).to_string();
        assert!(message.contains("`dockgate hash`") && message.contains("`htpasswd -nB USER`"), "{message}");
    }
    assert!(refusal("badmin").to_string().contains("perhaps the password itself"));
}

#[test]
fn a_dummy_can_be_checked_and_never_matches() {
    let shape = Shape::Bcrypt { cost: 4 };
    let dummy = shape.dummy(&[0xa5; 64]);
    assert_eq!(StoredHash::parse(&dummy).unwrap().shape(), shape);
    assert!(!matches(&dummy, "badmin"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn any_text_is_read_or_refused_without_being_repeated(
        text in "(\\$2[abxy]\\$)?(0[0-9]|1[0-9])?\\$?\\PC{12,64}",
    ) {
        if let Err(error) = StoredHash::parse(&text) {
            prop_assert!(!error.to_string().contains(&text));
        }
    }

    #[test]
    fn any_bytes_of_the_right_length_are_read_or_refused(tail in "[./A-Za-z0-9é$]{53}") {
        let _ = StoredHash::parse(&format!("$2y$05${tail}"));
    }

    #[test]
    fn what_is_written_is_read(cost in 4_u32..=14, seed in any::<[u8; 32]>()) {
        let mut whole = [0; 64];
        whole[..32].copy_from_slice(&seed);
        let dummy = Shape::Bcrypt { cost }.dummy(&whole);
        match StoredHash::parse(&dummy) {
            Ok(StoredHash::Bcrypt(read)) => prop_assert_eq!(read.text(), dummy),
            Err(error) => prop_assert!(false, "{}", error),
        }
    }
}
