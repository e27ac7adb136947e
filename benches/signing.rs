//! A decided grant becomes a token: `issue` is claims, JSON, base64 and signature; `signature` is that alone, over as
//! many bytes, by the crypto library directly. What lies between them is ours.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be made has nothing to measure")]

mod support;

use std::hint::black_box;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    RSA_PKCS1_SHA256, RsaKeyPair,
};
use criterion::Criterion;
use rcgen::KeyPair;

use support::{ALGORITHMS, Server};

fn signing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("signing");
    for (name, algorithm) in ALGORITHMS {
        let server = Server::new(algorithm);
        let grant = server.grant();
        let issue = || server.issue(&grant);
        group.bench_function(format!("{name}/issue"), |bencher| bencher.iter(issue));

        let message = vec![b'x'; issue().token.rfind('.').unwrap()];
        let sign = signer(name, &KeyPair::generate_for(algorithm).unwrap().serialize_der());
        group.bench_function(format!("{name}/signature"), |bencher| {
            bencher.iter(|| sign(black_box(&message)));
        });
    }
    group.finish();
}

type Signer = Box<dyn Fn(&[u8]) -> Vec<u8>>;

/// The signature of an algorithm, with a key in PKCS#8.
fn signer(algorithm: &str, pkcs8: &[u8]) -> Signer {
    let random = SystemRandom::new();
    let ecdsa = |scheme| EcdsaKeyPair::from_pkcs8(scheme, pkcs8).unwrap();
    match algorithm {
        "RS256" => {
            let pair = RsaKeyPair::from_pkcs8(pkcs8).unwrap();
            Box::new(move |message| {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            })
        }
        "EdDSA" => {
            let pair = Ed25519KeyPair::from_pkcs8(pkcs8).unwrap();
            Box::new(move |message| pair.sign(message).as_ref().to_vec())
        }
        _ => {
            let is_256 = algorithm == "ES256";
            let scheme =
                if is_256 { &ECDSA_P256_SHA256_FIXED_SIGNING } else { &ECDSA_P384_SHA384_FIXED_SIGNING };
            let pair = ecdsa(scheme);
            Box::new(move |message| pair.sign(&random, message).unwrap().as_ref().to_vec())
        }
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    signing(&mut criterion);
    criterion.final_summary();
}
