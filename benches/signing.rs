//! A decided grant becomes a token: `issue` is claims, JSON, base64 and signature; `signature` is that alone, over as
//! many bytes, by the crypto library directly. What lies between them is ours.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be made has nothing to measure")]

mod support;

use std::hint::black_box;
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    RSA_PKCS1_SHA256, RsaKeyPair,
};
use criterion::{BatchSize, Criterion};
use dockgate::access::{Grant, Question};
use dockgate::scope::RequestedScopes;
use dockgate_api::{Call, Credential, Login, RequestId};
use rcgen::KeyPair;

use support::{ACCOUNT, ALGORITHMS, PASSWORD, SCOPE, SERVICE, Server};

fn grant(server: &Server) -> Grant {
    let login = Login::new(ACCOUNT, Credential::password(PASSWORD)).for_service(SERVICE);
    let question = Question { login, scopes: RequestedScopes::parse([SCOPE], 1).unwrap() };
    let deadline = Instant::now() + Duration::from_secs(30);
    let cx = Call::new(server.outside.clock.now(), deadline, RequestId::from_bits(1));
    server.runtime.block_on(server.state.access().answer(&cx, &question)).unwrap()
}

fn signing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("signing");
    for (name, algorithm) in ALGORITHMS {
        let server = Server::new(algorithm);
        let grant = grant(&server);
        let issue = || {
            let now = server.outside.clock.now();
            server.state.signing().issuer.issue(&grant, now, server.outside.random.as_ref()).unwrap()
        };
        group.bench_function(format!("{name}/issue"), |bencher| bencher.iter(issue));

        let message = vec![b'x'; support::signed_part(&issue())];
        let sign = signer(name, &KeyPair::generate_for(algorithm).unwrap().serialize_der());
        group.bench_function(format!("{name}/signature"), |bencher| {
            bencher.iter_batched(|| black_box(&message), |message| sign(message), BatchSize::SmallInput);
        });
    }
    group.finish();
}

/// The signature of an algorithm, with a key in PKCS#8.
fn signer(algorithm: &str, pkcs8: &[u8]) -> Box<dyn Fn(&[u8]) -> Vec<u8>> {
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
