use super::*;
use crate::token::fixtures;

/// (certificate, key, libtrust id, thumbprint), computed with OpenSSL and Python's hashlib from the key's DER.
const VECTORS: &[(&str, &str, &str, &str)] = &[
    (
        "rsa.crt",
        "rsa.pkcs8.pem",
        "GQFD:MARG:VSS5:4YGQ:GADM:PQXT:TDM3:ZY6R:7HHT:HJTH:BYEP:UNVY",
        "PRVvq-4H9C8zKnfwJwMA3RZYs0OKjGc-uStbICABZ18",
    ),
    (
        "ec.crt",
        "ec.pkcs8.pem",
        "DGI4:75HI:OJVB:DYR7:6J6K:AP7G:GL4N:KIEP:KYOM:OAV5:M5T7:HPGZ",
        "jy4hrjdaIKF3pE7McDE3aGqa4iRne10lI5N8Ec-JF4o",
    ),
    (
        "ec.leading-zero.crt",
        "ec.leading-zero.pem",
        "SEBW:LP6O:LBNI:BFFW:LYRD:7JCH:LWSC:36OY:CXXG:LJMS:7UAQ:KMHE",
        "xJWZ_32wXW_VIW01dlwMGj2AkaxOc-whB41E8AIml0Y",
    ),
    (
        "p384.crt",
        "p384.pem",
        "Y3HZ:EEFI:IGI6:TYQQ:5FKW:GGPI:HAYU:RYVN:NKXM:JGFK:6RPJ:KF5R",
        "wUKZJyAzJivZ0yUJW2Kli6ehd5RFH2whduch00AZEMM",
    ),
    (
        "p521.crt",
        "p521.pem",
        "BPSC:JRHA:JNI2:IAX7:NTYB:QOWH:XOOG:YB5G:JGIN:5EE5:UJYM:3QXZ",
        "546U-3R_rYOvlatV2dzwVgx3odThyiKsgrs4htlfqUE",
    ),
    (
        "ed25519.crt",
        "ed25519.pem",
        "WF6Q:IN5T:BKHD:M657:6YVR:JKEC:AKCZ:EK6U:G3YZ:TX4G:SMYW:432E",
        "SFH2sRdRbBHtpZNuzWaAPf7ZlZTzimay3vvEUg1ncYY",
    ),
];

#[test]
fn ids_are_those_of_independent_tools() {
    for (certificate, key, libtrust, thumb) in VECTORS {
        let key = fixtures::pair(&fixtures::read(certificate), &fixtures::read(key)).unwrap();
        assert_eq!(libtrust_id(key.public_key()), *libtrust);
        assert_eq!(thumbprint(key.public_key().material()), *thumb);
    }
}

#[test]
fn the_id_does_not_depend_on_the_key_files_form() {
    let certificate = fixtures::read("ec.crt");
    for form in ["ec.sec1.pem", "ec.sec1.params.pem", "ec.pkcs8.pem"] {
        let key = fixtures::pair(&certificate, &fixtures::read(form)).unwrap();
        assert_eq!(libtrust_id(key.public_key()), VECTORS[1].2, "{form}");
    }
}

#[test]
fn the_example_of_rfc_7638() {
    let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs\
        tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbI\
        SD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    let key = KeyMaterial::Rsa {
        n: URL_SAFE_NO_PAD.decode(n).unwrap(),
        e: URL_SAFE_NO_PAD.decode("AQAB").unwrap(),
    };
    assert_eq!(thumbprint(&key), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

#[test]
fn two_ec_keys_have_two_thumbprints() {
    // docker_auth hashes the curve's generator: all its EC keys have this one id.
    assert_ne!(VECTORS[1].3, VECTORS[2].3);
    assert!(VECTORS.iter().all(|vector| vector.3 != "xx0BcA-wMohw8atYDJOe6peGModklG2wRHBlXHMvl0M"));
}

/// RFC 8037 appendix A.3.
#[test]
fn the_example_of_rfc_8037() {
    let x = URL_SAFE_NO_PAD.decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
    assert_eq!(thumbprint(&KeyMaterial::Ed25519 { x }), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}
