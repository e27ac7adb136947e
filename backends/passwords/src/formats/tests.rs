use dockgate_api::secrecy::SecretString;
use dockgate_testkit::fakes::RepeatableRandom;
use proptest::prelude::*;

use super::argon2id::hash_argon2id;
use super::bcrypt::{DEFAULT_COST, hash_bcrypt};
use super::*;

mod other_programs;
mod refused;

const BADMIN: &str = "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC";
const ONE_TWO_THREE: &str = "$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya";

fn read(stored: &str) -> Result<StoredHash, HashError> {
    StoredHash::parse(stored, HashFormats::Htpasswd)
}

fn matches(stored: &str, password: &str) -> bool {
    read(stored).unwrap().matches(password).unwrap()
}

fn refusal(stored: &str) -> HashError {
    StoredHash::parse(stored, HashFormats::Modern).err().unwrap()
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
fn a_new_argon2id_hash_is_accepted_and_salted() {
    let random = RepeatableRandom::seeded(7);
    let hash = |password: &str| hash_argon2id(&SecretString::from(password), &random);
    let (one, two) = (hash("correct horse").unwrap(), hash("correct horse").unwrap());
    assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
    assert_ne!(one, two);
    assert!(matches(&one, "correct horse") && !matches(&one, "correct horsf"));
    assert_eq!(weakness(&one), None);
    assert_eq!(hash(""), Err(NewHashError::Empty));
    assert_eq!(hash("a\0b"), Err(NewHashError::Nul));
}

const SHAPES: [Shape; 6] = [
    Shape::Bcrypt { cost: 4 },
    Shape::Argon2id(argon2id::Cost { memory: 64, passes: 2, lanes: 3 }),
    Shape::ShaCrypt { variant: sha_crypt::Variant::Sha256, rounds: 5_000 },
    Shape::ShaCrypt { variant: sha_crypt::Variant::Sha512, rounds: 1_000 },
    Shape::Apr1,
    Shape::Sha1,
];

#[test]
fn a_dummy_can_be_checked_and_never_matches() {
    for shape in SHAPES {
        let dummy = shape.dummy(&[0xa5; 64]);
        assert_eq!(read(&dummy).unwrap().shape(), shape);
        assert!(!matches(&dummy, "badmin"), "{shape:?}");
        assert_ne!(dummy, shape.dummy(&[0x5a; 64]));
    }
}

#[test]
fn a_password_that_would_take_long_or_be_cut_is_not_hashed() {
    let longest = "x".repeat(MOST_CRYPT_PASSWORD_BYTES);
    for shape in SHAPES {
        let hash = read(&shape.dummy(&[1; 64])).unwrap();
        assert!(hash.can_take("x") && !hash.can_take("") && !hash.can_take("x\0y"), "{shape:?}");
        let takes = |password: &str| hash.can_take(password);
        match shape {
            Shape::Bcrypt { .. } => assert!(takes(&longest[..72]) && !takes(&longest[..73])),
            Shape::ShaCrypt { .. } | Shape::Apr1 => {
                assert!(takes(&longest) && !takes(&format!("{longest}x")));
            }
            Shape::Argon2id(_) | Shape::Sha1 => assert!(takes(&longest.repeat(10))),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn any_text_is_read_or_refused_without_being_repeated(
        text in "(\\$2[abxy]\\$|\\$[156]\\$|\\$apr1\\$|\\$argon2(id|i|d)\\$|\\{S?SHA\\}|_)?(v=19\\$|rounds=|m=|0[0-9]|1[0-9])?\\$?\\PC{12,64}",
    ) {
        for formats in [HashFormats::Modern, HashFormats::Htpasswd] {
            if let Err(error) = StoredHash::parse(&text, formats) {
                prop_assert!(!error.to_string().contains(&text));
            }
        }
    }

    #[test]
    fn any_numbers_are_within_bounds_or_refused(
        memory in "[0-9]{0,11}", passes in "[0-9]{0,11}", lanes in "[0-9]{0,5}", rounds in "[0-9+-]{0,11}",
    ) {
        let argon2 = format!("$argon2id$v=19$m={memory},t={passes},p={lanes}$c2FsdHNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg");
        if let Ok(hash) = read(&argon2) {
            let Shape::Argon2id(cost) = hash.shape() else { panic!("{argon2}") };
            prop_assert!(cost.memory <= 65_536 && u64::from(cost.memory) * u64::from(cost.passes) <= 1 << 20);
            prop_assert_eq!(hash.text(), argon2);
        }
        let crypt = format!("$5$rounds={rounds}$salt${}", "A".repeat(42) + ".");
        if let Ok(hash) = read(&crypt) {
            let Shape::ShaCrypt { rounds, .. } = hash.shape() else { panic!("{crypt}") };
            prop_assert!((1_000..=1_000_000).contains(&rounds));
        }
    }

    #[test]
    fn any_bytes_of_the_right_length_are_read_or_refused(tail in "[./A-Za-z0-9é$]{53}") {
        let _ = read(&format!("$2y$05${tail}"));
    }

    #[test]
    fn what_is_written_is_read(
        shape in prop::sample::select(SHAPES.to_vec()),
        cost in 4_u32..=14,
        rounds in 1_000_u32..=1_000_000,
        halves in any::<[[u8; 32]; 2]>(),
    ) {
        let mut seed = [0; 64];
        seed.copy_from_slice(halves.as_flattened());
        let shape = match shape {
            Shape::Bcrypt { .. } => Shape::Bcrypt { cost },
            Shape::ShaCrypt { variant, .. } => Shape::ShaCrypt { variant, rounds },
            other => other,
        };
        let dummy = shape.dummy(&seed);
        let read = read(&dummy);
        prop_assert_eq!(read.as_ref().map(StoredHash::shape).ok(), Some(shape), "{}", dummy);
        prop_assert_eq!(read.map(|read| read.text()).ok(), Some(dummy));
    }
}
