use serde_json::Value;

use super::*;
use crate::token::SigningKey;
use crate::token::{fixtures, libtrust_id, thumbprint};

fn document(keys: &[SigningKey]) -> Vec<Value> {
    listed(keys.iter().map(|key| fixtures::published(key)))
}

fn listed<'a>(keys: impl Iterator<Item = PublishedKey<'a>>) -> Vec<Value> {
    let document: Value = serde_json::from_slice(&jwks_document(keys).unwrap()).unwrap();
    document["keys"].as_array().unwrap().clone()
}

#[test]
fn each_key_stands_under_both_ids() {
    let keys = [fixtures::rsa(), fixtures::ec()];
    let ids: Vec<String> =
        document(&keys).iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect();
    let wanted: Vec<String> = keys
        .iter()
        .flat_map(|key| [libtrust_id(key.public_key()), thumbprint(key.public_key().material())])
        .collect();
    assert_eq!(ids, wanted);
}

#[test]
fn members_are_the_public_ones_only() {
    for key in document(&fixtures::one_of_each_kind()) {
        let mut members: Vec<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        match key["kty"].as_str().unwrap() {
            "RSA" => {
                assert_eq!(members, ["alg", "e", "kid", "kty", "n", "use"]);
                assert_eq!((&key["alg"], &key["e"]), (&"RS256".into(), &"AQAB".into()));
            }
            "EC" => {
                assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
                let curve = [("ES256", "P-256"), ("ES384", "P-384"), ("ES512", "P-521")];
                let [alg, crv] = ["alg", "crv"].map(|member| key[member].as_str().unwrap());
                assert!(curve.contains(&(alg, crv)), "{key}");
            }
            "OKP" => {
                assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"]);
                assert_eq!((&key["alg"], &key["crv"]), (&"EdDSA".into(), &"Ed25519".into()));
            }
            other => panic!("{other}"),
        }
        assert_eq!(key["use"], "sig");
    }
}

#[test]
fn coordinates_keep_their_leading_zeros() {
    let key = fixtures::pair(&fixtures::read("ec.leading-zero.crt"), &fixtures::read("ec.leading-zero.pem"))
        .unwrap();
    assert!(key.public_key().has_leading_zero_coordinate());
    assert!(!fixtures::ec().public_key().has_leading_zero_coordinate());
    let x = document(&[key])[0]["x"].as_str().unwrap().to_owned();
    assert_eq!(URL_SAFE_NO_PAD.decode(x).unwrap().len(), 32);
}

#[test]
fn a_given_id_is_listed_beside_the_others() {
    let key = fixtures::ec();
    let ids = vec![KeyId::Text("2026".into()), KeyId::Libtrust];
    let keys = listed(std::iter::once(PublishedKey { ids, ..fixtures::published(&key) }));
    let named: Vec<&str> = keys.iter().map(|key| key["kid"].as_str().unwrap()).collect();
    let public = key.public_key();
    assert_eq!(named, [&libtrust_id(public), &thumbprint(public.material()), "2026"]);
}

#[test]
fn a_key_given_twice_is_listed_once() {
    assert_eq!(document(&[fixtures::ec(), fixtures::ec()]).len(), 2);
    assert!(document(&[]).is_empty());
}
