//! Whose certificate is taken, and which one is shown.

use std::time::Duration;

use dockgate_api::secrecy::SecretString;
use dockgate_api::{BackendError, HttpRequest, HttpSettings, HttpSettingsError, Outbound as _};

use super::servers::{Answer, Authority, Server};
use super::{GOOD, Place, clean};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn guarded(authority: &Authority, host: &str, clients: bool) -> Server {
    Server::tls(Answer::Whole(GOOD.to_owned()), authority.server(host, 30, clients)).await
}

fn trusting(authority: &Authority) -> HttpSettings {
    HttpSettings::new().trusting(authority.pem.clone().into_bytes())
}

async fn refused(place: &Place, settings: HttpSettings, server: &Server) -> String {
    let request = HttpRequest::new("GET", server.url("https", "127.0.0.1"));
    let error = place.ask(settings, request).await.err().unwrap();
    assert!(matches!(error, BackendError::Unavailable(_)), "nothing was sent: {error}");
    assert_eq!(server.requests().len(), 0);
    clean(&error)
}

#[tokio::test]
async fn given_authorities_take_the_place_of_the_sites() {
    let (ours, others) = (Authority::new("ours"), Authority::new("others"));
    let server = guarded(&ours, "127.0.0.1", false).await;
    let url = server.url("https", "127.0.0.1");
    for (site, given, good) in [
        (vec![], Some(&ours), true),
        (vec![ours.pem.as_str()], None, true),
        (vec![ours.pem.as_str()], Some(&others), false),
        (vec![others.pem.as_str()], None, false),
    ] {
        let settings = given.map_or_else(HttpSettings::new, trusting);
        let answer = Place::new(&site, &[]).ask(settings, HttpRequest::new("GET", &url)).await;
        match answer {
            Ok(answer) => assert!(good && answer.status == 200),
            Err(error) => assert!(!good, "{error}"),
        }
    }
}

#[tokio::test]
async fn who_is_not_trusted_hears_nothing_and_the_message_names_the_cure() {
    let (ours, others) = (Authority::new("ours"), Authority::new("others"));
    let server = guarded(&ours, "127.0.0.1", false).await;
    let text = refused(&Place::new(&[], &[]), HttpSettings::new(), &server).await;
    assert!(text.contains("no store of authorities") && text.contains("`outbound.ca_bundle`"), "{text}");
    let text = refused(&Place::new(&[], &[]), trusting(&others), &server).await;
    assert!(text.ends_with("none of the given authorities vouches for it"), "{text}");

    let place = Place::new(&[&ours.pem], &[]);
    place.clock.turn(31 * DAY);
    let text = refused(&place, HttpSettings::new(), &server).await;
    assert!(text.contains("expired"), "{text}");
    let server = guarded(&ours, "another.example.com", false).await;
    let text = refused(&Place::new(&[&ours.pem], &[]), HttpSettings::new(), &server).await;
    assert!(text.contains("not valid for name"), "{text}");
    let server = Server::tls(Answer::Whole(GOOD.to_owned()), ours.server_of_its_own()).await;
    let text = refused(&Place::new(&[&ours.pem], &[]), HttpSettings::new(), &server).await;
    assert!(text.ends_with("it shows an authority's own certificate: make it one with `CA:FALSE`"), "{text}");
}

#[test]
fn who_speaks_no_http_gets_the_sites_authorities_too() {
    let (ours, others) = (Authority::new("ours"), Authority::new("others"));
    let site = Place::new(&[&ours.pem, &others.pem], &[]).site;
    let pem = [ours.pem, others.pem].concat();
    let given = dockgate_tls::authorities(pem.as_bytes()).unwrap();
    assert_eq!(site.authorities(), given.iter().map(|certificate| certificate.to_vec()).collect::<Vec<_>>());
    assert!(Place::new(&[], &[]).site.authorities().is_empty());
}

#[tokio::test]
async fn a_certificate_is_shown_to_who_asks_for_one() {
    let (ours, others) = (Authority::new("ours"), Authority::new("others"));
    let server = guarded(&ours, "127.0.0.1", true).await;
    let place = Place::new(&[], &[]);
    for (shown, good) in [(Some(&ours), true), (Some(&others), false), (None, false)] {
        let mut settings = trusting(&ours);
        if let Some(authority) = shown {
            let (chain, key) = authority.pair("client", 36_500);
            settings = settings.showing(chain.into_bytes(), SecretString::from(key));
        }
        let request = HttpRequest::new("GET", server.url("https", "127.0.0.1"));
        match place.ask(settings, request).await {
            Ok(answer) => assert!(good && answer.status == 200),
            Err(error) => assert!(!good && !clean(&error).is_empty(), "{error}"),
        }
    }
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn settings_that_cannot_be_used_are_told_apart() {
    let ours = Authority::new("ours");
    let (chain, key) = ours.pair("client", 30);
    let (_, other_key) = ours.pair("client", 30);
    let site = Place::new(&[], &[]).site;
    let showing = |chain: &str, key: &str| {
        HttpSettings::new().showing(chain.as_bytes().to_vec(), SecretString::from(key.to_owned()))
    };
    for (settings, expected) in [
        (HttpSettings::new().trusting(b"canary".to_vec()), "no certificate in it"),
        (HttpSettings::new().trusting(key.clone().into_bytes()), "no certificate in it"),
        (showing("canary", &key), "no certificate in the file"),
        (showing(&chain, "canary"), "no unencrypted private key"),
        (showing(&chain, &other_key), "does not belong to the certificate"),
    ] {
        let trust = settings.authorities.is_some();
        let error = site.client(settings).err().unwrap();
        assert!(matches!(error, HttpSettingsError::Authorities(_)) == trust, "{error}");
        let text = format!("{error} {error:?}");
        assert!(text.contains(expected) && !text.contains("canary") && !text.contains("PRIVATE"), "{text}");
    }
}
