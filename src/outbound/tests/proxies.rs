//! Through whom others are reached. `0.0.0.0` leads to this machine too, and is not one of its loopback addresses.

use dockgate_api::{BackendError, HttpSettings, HttpSettingsError, Outbound as _};

use super::servers::{Answer, Authority, Server};
use super::{GOOD, Place, clean};

#[tokio::test]
async fn https_goes_through_a_tunnel() {
    let ours = Authority::new("ours");
    let tls = ours.server("hook.example.com", 30, false);
    let server = Server::tls(Answer::Whole(GOOD.to_owned()), tls).await;
    let proxy = Server::proxy(server.addr, "200 OK").await;
    let via = format!("http://user:canary@{}", proxy.addr);
    let place = Place::new(&[&ours.pem], &[("HTTPS_PROXY", &via), ("HTTP_PROXY", "http://127.0.0.1:1")]);
    let answer = place.get("https://hook.example.com:8443/?canary").await.unwrap();
    assert_eq!((answer.status, server.requests().len()), (200, 1));
    let requests = proxy.requests();
    assert!(requests[0].starts_with("CONNECT hook.example.com:8443 HTTP/1.1\r\n"), "{requests:?}");
    // `user:canary`
    assert!(
        requests[0].to_lowercase().contains("proxy-authorization: basic dxnlcjpjyw5hcnk="),
        "{requests:?}"
    );
    assert!(!server.requests()[0].to_lowercase().contains("proxy-"), "{:?}", server.requests());
}

#[tokio::test]
async fn http_is_handed_to_the_proxy_as_it_is() {
    let proxy = Server::plain(Answer::Whole(GOOD.to_owned())).await;
    let place = Place::new(&[], &[("http_proxy", &format!("{}", proxy.addr))]);
    assert_eq!(place.get("http://hook.example.com/ask").await.unwrap().status, 200);
    assert!(proxy.requests()[0].starts_with("GET http://hook.example.com/ask HTTP/1.1\r\n"));
}

#[tokio::test]
async fn what_no_proxy_names_is_reached_directly() {
    let ours = Authority::new("ours");
    let server = Server::tls(Answer::Whole(GOOD.to_owned()), ours.server("0.0.0.0", 30, false)).await;
    for (except, direct) in
        [("", false), ("192.0.2.0/24,example.com", false), ("0.0.0.0", true), ("0.0.0.0/8", true)]
    {
        let proxy = Server::proxy(server.addr, "200 OK").await;
        let via = format!("http://{}", proxy.addr);
        let place = Place::new(&[&ours.pem], &[("HTTPS_PROXY", &via), ("NO_PROXY", except)]);
        let answer = place.get(&server.url("https", "0.0.0.0")).await.unwrap();
        assert_eq!((answer.status, proxy.requests().is_empty()), (200, direct), "{except}");
    }
    // Whatever listens on loopback is this machine's own.
    let server = Server::plain(Answer::Whole(GOOD.to_owned())).await;
    let place = Place::new(&[], &[("HTTP_PROXY", "http://0.0.0.0:1")]);
    for host in ["127.0.0.1", "localhost"] {
        assert_eq!(place.get(&server.url("http", host)).await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn a_proxy_that_refuses_is_unavailable() {
    for verdict in ["407 Proxy Authentication Required", "502 Bad Gateway"] {
        let server = Server::plain(Answer::Never).await;
        let proxy = Server::proxy(server.addr, verdict).await;
        let via = format!("http://user:canary@{}", proxy.addr);
        let error =
            Place::new(&[], &[("HTTPS_PROXY", &via)]).get("https://hook.example.com").await.err().unwrap();
        assert!(matches!(error, BackendError::Unavailable(_)), "{error}");
        assert!(clean(&error).starts_with("unavailable: hook.example.com:443: "), "{error}");
        assert_eq!(server.connections(), 0);
    }
}

#[test]
fn a_variable_that_is_no_proxy_is_found_when_a_client_is_made() {
    let place = Place::new(&[], &[("HTTPS_PROXY", "socks5://canary")]);
    let error = place.site.client(HttpSettings::new()).err().unwrap();
    assert!(matches!(error, HttpSettingsError::Client(_)));
    assert!(error.to_string().contains("HTTPS_PROXY") && !error.to_string().contains("canary"), "{error}");
}
