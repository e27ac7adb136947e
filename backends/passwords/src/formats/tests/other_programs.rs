//! Hashes that other programs made: Apache's `htpasswd` 2.4.71, OpenSSL 3.0.19, libxcrypt 4.4.33 (through perl's
//! `crypt`) and the reference implementation of argon2 (its command of 2017). One program, password and hash a line;
//! the lengths of the passwords lie around the block sizes of MD5, SHA-2 and the loops over them.

use std::collections::BTreeMap;

use super::*;

const VECTORS: &str = include_str!("vectors.tsv");

#[test]
fn what_other_programs_made_is_right_here() {
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    for line in VECTORS.lines() {
        let [program, password, stored] = line.splitn(3, '\t').collect::<Vec<_>>().try_into().unwrap();
        *counted.entry(program).or_default() += 1;
        let hash = read(stored).unwrap_or_else(|error| panic!("{program}, {stored}: {error}"));
        assert_eq!(hash.text(), stored, "{program}");
        assert_eq!(hash.matches(password), Ok(true), "{program}: {password:?} {stored}");
        // Another length, another first letter, another last one.
        let mut others = vec![format!("{password}x")];
        if let Some(rest) = password.strip_prefix(|_: char| true) {
            others.push(format!("_{rest}"));
        }
        if let Some(shorter) = password.strip_suffix(|_: char| true) {
            others.extend([shorter.to_owned(), format!("{shorter}_")]);
        }
        for other in others.iter().filter(|other| *other != password) {
            assert_eq!(hash.matches(other), Ok(false), "{program}: {other:?} {stored}");
        }
    }
    let expected = [
        ("argon2 -id", 15),
        ("htpasswd -2", 2),
        ("htpasswd -5", 2),
        ("htpasswd -B", 3),
        ("htpasswd -m", 15),
        ("htpasswd -s", 15),
        ("libxcrypt", 32),
        ("openssl dgst -sha1", 3),
        ("openssl passwd -5", 15),
        ("openssl passwd -6", 15),
        ("openssl passwd -apr1", 15),
    ];
    assert_eq!(counted, BTreeMap::from(expected));
}
