//! The rows of the table, each with what every version is known to say.

use super::algorithm::Algorithm::{self, EdDsa, Es256, Es384, Es512, Ps256, Rs256, Rs384, Rs512};
use super::form::Kid::{self, BasePoint, Libtrust, Rfc7638, Text, WithoutLeadingZeros};
use super::form::{Form, X5c};
use super::guarded::Verdict::{self, Accepted as YES, DoesNotStart as NO_START, Refused as NO};
use super::key::Key;
use super::trust::Trust;

/// Forms that a registry treats alike, each of the keys with each of the ids, and what that registry is given.
pub(crate) struct Row {
    pub(crate) keys: &'static [(Key, Algorithm)],
    pub(crate) kids: &'static [Kid],
    pub(crate) x5c: X5c,
    pub(crate) trust: &'static Trust,
    /// In the order of [`crate::registry::VERSIONS`].
    pub(crate) expected: [Verdict; 3],
}

impl Row {
    pub(crate) fn forms(&self) -> impl Iterator<Item = Form> {
        let &Self { keys, kids, x5c, .. } = self;
        keys.iter()
            .flat_map(move |&(key, algorithm)| kids.iter().map(move |&kid| Form { key, algorithm, kid, x5c }))
    }

    /// The row in Markdown.
    pub(crate) fn line(&self) -> String {
        let mut algorithms: Vec<&str> = self.keys.iter().map(|(_, algorithm)| algorithm.name()).collect();
        algorithms.dedup();
        let note = self.keys.first().map_or("", |(key, _)| note(*key));
        let kids = match self.kids {
            kids if kids == ANY => "any or none".to_owned(),
            kids => kids.iter().map(|kid| kid_name(*kid)).collect::<Vec<_>>().join("; "),
        };
        let verdicts: String = self.expected.iter().map(|verdict| format!(" {verdict} |")).collect();
        let [algorithms, x5c, trust] = [&algorithms.join(", "), x5c_name(self.x5c), self.trust.says];
        format!("| {algorithms}{note} | {kids} | {x5c} | {trust} |{verdicts}\n")
    }
}

fn note(key: Key) -> &'static str {
    match key {
        Key::P256LeadingZero | Key::P521LeadingZero => "; x or y starts with a zero byte",
        Key::Issued | Key::IssuedEd25519 => "; certificate of a CA",
        Key::IssuedByIntermediate => "; certificate of an intermediate CA",
        Key::RsaExpired | Key::P256Expired => "; certificate expired",
        Key::P256NotYetValid => "; certificate not valid yet",
        Key::IssuedExpired => "; expired certificate of a CA",
        Key::IssuedByExpired => "; certificate of an expired CA",
        Key::IssuedByVersion1 => "; certificate of a CA of X.509 version 1",
        Key::IssuedTooDeep => "; certificate of an intermediate CA that the CA does not allow",
        Key::P256Again | Key::RootAgain => "; self-signed certificate, renewed",
        _ => "",
    }
}

fn kid_name(kid: Kid) -> &'static str {
    match kid {
        Kid::None => "none",
        Libtrust => "libtrust",
        Rfc7638 => "RFC 7638",
        BasePoint => "RFC 7638 of the curve's base point",
        WithoutLeadingZeros => "RFC 7638 without the zeros",
        Text => "a text",
    }
}

fn x5c_name(x5c: X5c) -> &'static str {
    match x5c {
        X5c::None => "none",
        X5c::Leaf => "leaf",
        X5c::Chain => "leaf, intermediate",
        X5c::ChainWithRoot => "leaf, intermediate, CA",
        X5c::Reversed => "intermediate, leaf",
        X5c::Stolen(_) => "a trusted certificate of another key",
    }
}

/// Several certificates. Where ids collide, as in 3.0.0, the last one wins: the plain key of each curve.
static CERTIFICATES: Trust = Trust::bundle(
    "certificate",
    &[
        Key::P256LeadingZero,
        Key::P521LeadingZero,
        Key::RsaExpired,
        Key::P256Expired,
        Key::P256NotYetValid,
        Key::Rsa,
        Key::P521,
        Key::P384,
        Key::P256,
    ],
);
const TWO_OF_A_CURVE: &[Key] = &[Key::P256, Key::P521, Key::P256LeadingZero, Key::P521LeadingZero];
static FIRST: Trust = Trust::bundle("certificate, before another of the curve", TWO_OF_A_CURVE);
static LAST: Trust = Trust::bundle("certificate, after another of the curve", TWO_OF_A_CURVE);
static EXPIRED: Trust = Trust::bundle("certificate", &[Key::P256Expired]);
static ED25519: Trust = Trust::bundle("certificate", &[Key::Ed25519]);
static LEAF: Trust = Trust::bundle("leaf certificate", &[Key::Issued, Key::IssuedByIntermediate]);
static INTERMEDIATE: Trust = Trust::bundle("intermediate CA", &[Key::Intermediate]);
static AUTHORITY: Trust = Trust::bundle("CA", &[Key::ExpiredRoot, Key::Root]);
static VERSION_1: Trust = Trust::bundle("CA", &[Key::RootOfVersion1]);
static NARROW: Trust = Trust::bundle("CA", &[Key::NarrowRoot]);
static ANOTHER: Trust = Trust::bundle("other certificates", &[Key::ExpiredRoot, Key::Root]);
static BEFORE: Trust = Trust::bundle("the certificate before it", &[Key::P256, Key::Root]);
static NOTHING: Trust = Trust::bundle("an empty `rootcertbundle`", &[]);
static JWKS: Trust = Trust {
    says: "`jwks` only",
    bundle: None,
    jwks: Some(&[
        (Key::Rsa, Text),
        (Key::Rsa, Libtrust),
        (Key::Rsa, Rfc7638),
        (Key::P256, Text),
        (Key::P256, Libtrust),
        (Key::P256, Rfc7638),
        (Key::P384, Text),
        (Key::P384, Libtrust),
        (Key::P384, Rfc7638),
        (Key::P521, Text),
        (Key::P521, Libtrust),
        (Key::P521, Rfc7638),
        (Key::Ed25519, Text),
        (Key::Ed25519, Libtrust),
        (Key::Ed25519, Rfc7638),
        (Key::P256LeadingZero, Text),
        (Key::P256LeadingZero, Rfc7638),
        (Key::P521LeadingZero, Text),
        (Key::P521LeadingZero, Rfc7638),
        (Key::RsaExpired, Kid::None),
    ]),
};
static BOTH: Trust = Trust {
    says: "RSA certificate, and EC key in `jwks`",
    bundle: Some(&[Key::Rsa]),
    jwks: Some(&[(Key::P256, Text), (Key::P256, Rfc7638)]),
};

const ANY: &[Kid] = &[Kid::None, Libtrust, Rfc7638, Text];

const RSA: &[(Key, Algorithm)] = &[(Key::Rsa, Rs256), (Key::Rsa, Rs384), (Key::Rsa, Rs512)];
const PSS: &[(Key, Algorithm)] = &[(Key::Rsa, Ps256)];
const EC: &[(Key, Algorithm)] = &[(Key::P256, Es256), (Key::P384, Es384), (Key::P521, Es512)];
const RSA_AND_EC: &[(Key, Algorithm)] = &[
    (Key::Rsa, Rs256),
    (Key::Rsa, Rs384),
    (Key::Rsa, Rs512),
    (Key::P256, Es256),
    (Key::P384, Es384),
    (Key::P521, Es512),
];
const ALL: &[(Key, Algorithm)] = &[
    (Key::Rsa, Rs256),
    (Key::Rsa, Rs384),
    (Key::Rsa, Rs512),
    (Key::Rsa, Ps256),
    (Key::P256, Es256),
    (Key::P384, Es384),
    (Key::P521, Es512),
    (Key::Ed25519, EdDsa),
];
const EC_LEADING_ZERO: &[(Key, Algorithm)] = &[(Key::P256LeadingZero, Es256), (Key::P521LeadingZero, Es512)];
const EC_TWICE: &[(Key, Algorithm)] = &[(Key::P256, Es256), (Key::P521, Es512)];
const EDDSA: &[(Key, Algorithm)] = &[(Key::Ed25519, EdDsa)];
const ISSUED: &[(Key, Algorithm)] = &[(Key::Issued, Es256)];
const ISSUED_EDDSA: &[(Key, Algorithm)] = &[(Key::IssuedEd25519, EdDsa)];
const INTERMEDIATES: &[(Key, Algorithm)] = &[(Key::IssuedByIntermediate, Es256)];
const RSA_EXPIRED: &[(Key, Algorithm)] = &[(Key::RsaExpired, Rs256)];
const EC_EXPIRED: &[(Key, Algorithm)] = &[(Key::P256Expired, Es256)];
const BOTH_EXPIRED: &[(Key, Algorithm)] = &[(Key::RsaExpired, Rs256), (Key::P256Expired, Es256)];
const NOT_YET: &[(Key, Algorithm)] = &[(Key::P256NotYetValid, Es256)];
const ISSUED_EXPIRED: &[(Key, Algorithm)] = &[(Key::IssuedExpired, Es256)];
const ISSUED_BY_VERSION_1: &[(Key, Algorithm)] = &[(Key::IssuedByVersion1, Es256)];
const ISSUED_TOO_DEEP: &[(Key, Algorithm)] = &[(Key::IssuedTooDeep, Es256)];
const RENEWED: &[(Key, Algorithm)] = &[(Key::P256Again, Es256), (Key::RootAgain, Es256)];
const ISSUED_BY_EXPIRED: &[(Key, Algorithm)] = &[(Key::IssuedByExpired, Es256)];

pub(crate) fn rows() -> Vec<Row> {
    let row = |keys, kids, x5c, trust, expected| Row { keys, kids, x5c, trust, expected };
    vec![
        row(RSA_AND_EC, ANY, X5c::Leaf, &CERTIFICATES, [YES, YES, YES]),
        row(EC_LEADING_ZERO, ANY, X5c::Leaf, &CERTIFICATES, [YES, YES, YES]),
        row(PSS, ANY, X5c::Leaf, &CERTIFICATES, [NO, YES, YES]),
        row(EDDSA, ANY, X5c::Leaf, &ED25519, [NO_START, YES, YES]),
        row(ISSUED, ANY, X5c::Leaf, &AUTHORITY, [YES, YES, YES]),
        row(ISSUED_EDDSA, ANY, X5c::Leaf, &AUTHORITY, [NO, YES, YES]),
        row(ISSUED, ANY, X5c::Leaf, &LEAF, [YES, YES, YES]),
        row(INTERMEDIATES, ANY, X5c::Chain, &AUTHORITY, [YES, YES, YES]),
        row(INTERMEDIATES, ANY, X5c::ChainWithRoot, &AUTHORITY, [YES, YES, YES]),
        row(INTERMEDIATES, ANY, X5c::Leaf, &AUTHORITY, [NO, NO, NO]),
        row(INTERMEDIATES, ANY, X5c::Reversed, &AUTHORITY, [NO, NO, NO]),
        row(INTERMEDIATES, ANY, X5c::Leaf, &INTERMEDIATE, [YES, YES, YES]),
        row(ISSUED_TOO_DEEP, ANY, X5c::Chain, &NARROW, [NO, NO, NO]),
        row(ISSUED_BY_VERSION_1, ANY, X5c::Leaf, &VERSION_1, [YES, YES, YES]),
        row(RSA_AND_EC, ANY, X5c::Stolen(Key::P256LeadingZero), &CERTIFICATES, [NO, NO, NO]),
        row(RSA_AND_EC, ANY, X5c::Leaf, &ANOTHER, [NO, NO, NO]),
        row(BOTH_EXPIRED, ANY, X5c::Leaf, &CERTIFICATES, [NO, NO, NO]),
        row(ISSUED_EXPIRED, ANY, X5c::Leaf, &AUTHORITY, [NO, NO, NO]),
        row(ISSUED_BY_EXPIRED, ANY, X5c::Leaf, &AUTHORITY, [NO, NO, NO]),
        row(NOT_YET, ANY, X5c::Leaf, &CERTIFICATES, [NO, NO, NO]),
        row(RENEWED, ANY, X5c::Leaf, &BEFORE, [NO, NO, NO]),
        row(RSA, &[Libtrust], X5c::None, &CERTIFICATES, [YES, NO, NO]),
        row(RSA, &[Rfc7638], X5c::None, &CERTIFICATES, [NO, YES, YES]),
        row(PSS, &[Libtrust], X5c::None, &CERTIFICATES, [NO, NO, NO]),
        row(PSS, &[Rfc7638], X5c::None, &CERTIFICATES, [NO, YES, YES]),
        row(EC, &[Libtrust], X5c::None, &CERTIFICATES, [YES, NO, NO]),
        row(EC, &[Rfc7638], X5c::None, &CERTIFICATES, [NO, NO, YES]),
        row(EC, &[BasePoint], X5c::None, &CERTIFICATES, [NO, YES, NO]),
        row(EC_TWICE, &[BasePoint], X5c::None, &FIRST, [NO, NO, NO]),
        row(EC_LEADING_ZERO, &[Libtrust], X5c::None, &LAST, [YES, NO, NO]),
        row(EC_LEADING_ZERO, &[Rfc7638], X5c::None, &LAST, [NO, NO, NO]),
        row(EC_LEADING_ZERO, &[WithoutLeadingZeros], X5c::None, &LAST, [NO, NO, YES]),
        row(EC_LEADING_ZERO, &[BasePoint], X5c::None, &LAST, [NO, YES, NO]),
        row(EDDSA, &[Libtrust], X5c::None, &ED25519, [NO_START, NO, NO]),
        row(EDDSA, &[Rfc7638], X5c::None, &ED25519, [NO_START, NO, YES]),
        row(EDDSA, &[Kid::None, Text], X5c::None, &ED25519, [NO_START, NO, NO]),
        row(RSA_AND_EC, &[Kid::None, Text], X5c::None, &CERTIFICATES, [NO, NO, NO]),
        row(PSS, &[Kid::None, Text], X5c::None, &CERTIFICATES, [NO, NO, NO]),
        row(ISSUED, ANY, X5c::None, &AUTHORITY, [NO, NO, NO]),
        row(RSA_EXPIRED, &[Libtrust], X5c::None, &CERTIFICATES, [YES, NO, NO]),
        row(RSA_EXPIRED, &[Rfc7638], X5c::None, &CERTIFICATES, [NO, YES, YES]),
        row(EC_EXPIRED, &[Libtrust], X5c::None, &CERTIFICATES, [YES, NO, NO]),
        row(EC_EXPIRED, &[Rfc7638], X5c::None, &CERTIFICATES, [NO, NO, YES]),
        row(EC_EXPIRED, &[BasePoint], X5c::None, &EXPIRED, [NO, YES, NO]),
        row(ALL, &[Libtrust, Rfc7638, Text], X5c::None, &JWKS, [NO_START, YES, YES]),
        row(EC_LEADING_ZERO, &[Rfc7638, Text], X5c::None, &JWKS, [NO_START, YES, YES]),
        row(ALL, ANY, X5c::Leaf, &JWKS, [NO_START, NO, NO]),
        row(ALL, &[Kid::None], X5c::None, &JWKS, [NO_START, NO, NO]),
        row(EC, &[BasePoint], X5c::None, &JWKS, [NO_START, NO, NO]),
        row(RSA, ANY, X5c::Leaf, &BOTH, [YES, YES, YES]),
        row(RSA, &[Libtrust], X5c::None, &BOTH, [YES, NO, NO]),
        row(RSA, &[Rfc7638], X5c::None, &BOTH, [NO, YES, YES]),
        row(&[(Key::P256, Es256)], &[Rfc7638, Text], X5c::None, &BOTH, [NO, YES, YES]),
        row(&[(Key::P256, Es256)], ANY, X5c::Leaf, &BOTH, [NO, NO, NO]),
        row(RSA, ANY, X5c::Leaf, &NOTHING, [NO_START, NO_START, NO_START]),
    ]
}
