//! What comes back, and what does not.

use std::time::Duration;

use dockgate_api::{BackendError, HttpRequest, HttpSettings, Outbound as _};
use tokio::net::TcpListener;

use super::servers::{Answer, Server};
use super::{GOOD, Place, clean, within};

#[tokio::test]
async fn what_is_asked_arrives_and_what_is_answered_comes_back() {
    let server = Server::plain(Answer::Whole(GOOD.to_owned())).await;
    let mut request = HttpRequest::new("POST", server.url("http", "127.0.0.1"));
    request.headers = vec![("X-Asked".to_owned(), "yes".to_owned())];
    request.body = b"a question".to_vec();
    let client = Place::new(&[], &[]).site.client(HttpSettings::new()).unwrap();
    for _ in 0..3 {
        let answer = client.send(&within(Duration::from_secs(30)), request.clone()).await.unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (200, b"good".as_slice()));
        assert!(answer.headers.contains(&("x-answer".to_owned(), "one".to_owned())));
    }
    let requests = server.requests();
    let asked = &requests[0];
    assert!(asked.starts_with("POST /ask?canary-in-query HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("\r\nx-asked: yes\r\n") && asked.ends_with("\r\n\r\na question"), "{asked}");
    assert!(!asked.contains("accept-encoding"), "{asked}");
    assert_eq!((requests.len(), server.connections()), (3, 1), "the connection is kept");
}

#[tokio::test]
async fn a_status_is_no_error_and_a_redirect_is_not_followed() {
    for (status, header) in
        [(500, ""), (404, ""), (302, "Location: /canary\r\n"), (307, "Location: /canary\r\n")]
    {
        let text = format!("HTTP/1.1 {status} X\r\n{header}Content-Length: 0\r\n\r\n");
        let server = Server::plain(Answer::Whole(text)).await;
        let answer = Place::new(&[], &[]).get(&server.url("http", "127.0.0.1")).await.unwrap();
        assert_eq!((answer.status, server.requests().len()), (status, 1));
    }
}

#[tokio::test]
async fn nobody_there_is_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = Place::new(&[], &[]).get(&format!("http://{address}/?canary")).await.err().unwrap();
    assert_eq!(clean(&error), format!("unavailable: {address}: Connection refused (os error 111)"));
}

#[tokio::test]
async fn nothing_is_waited_for_beyond_the_deadline() {
    for text in ["", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nha"] {
        let server = match text {
            "" => Server::plain(Answer::Never).await,
            text => Server::plain(Answer::Whole(text.to_owned())).await,
        };
        let client = Place::new(&[], &[]).site.client(HttpSettings::new()).unwrap();
        let request = HttpRequest::new("GET", server.url("http", "127.0.0.1"));
        let error = client.send(&within(Duration::from_millis(200)), request.clone()).await.err().unwrap();
        assert_eq!(clean(&error), format!("timed out: {}: no whole answer in time", server.addr));
        assert_eq!(server.requests().len(), 1);
        let error = client.send(&within(Duration::ZERO), request).await.err().unwrap();
        assert_eq!(clean(&error), format!("timed out: {}: no time was left to ask it", server.addr));
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_or_is_none_is_no_answer() {
    for text in [
        "",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncanary",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\ncanary\r\n",
        "canary\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    ] {
        let server = Server::plain(Answer::Cut(text.to_owned())).await;
        let error = Place::new(&[], &[]).get(&server.url("http", "127.0.0.1")).await.err().unwrap();
        assert!(matches!(error, BackendError::Protocol(_)), "{text:?}: {error}");
        assert!(clean(&error).contains(&server.addr.to_string()), "{error}");
    }
}

#[tokio::test]
async fn an_answer_has_a_bound() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ngoo\r\n1\r\nd\r\n0\r\n\r\n";
    let endless = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(100_000));
    for (text, most, whole) in [
        (GOOD, 4, true),
        (GOOD, 3, false),
        (chunked, 4, true),
        (chunked, 3, false),
        (endless.as_str(), 100_000, true),
        (endless.as_str(), 99_999, false),
    ] {
        let server = Server::plain(Answer::Cut(text.to_owned())).await;
        let mut request = HttpRequest::new("GET", server.url("http", "127.0.0.1"));
        request.max_response = most;
        match Place::new(&[], &[]).ask(HttpSettings::new(), request).await {
            Ok(answer) => assert!(whole && answer.body.len() == most, "{most}"),
            Err(error) => {
                assert!(!whole, "{error}");
                assert!(
                    clean(&error).ends_with(&format!("the answer is longer than {most} bytes")),
                    "{error}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_url_with_a_password_is_not_asked() {
    let server = Server::plain(Answer::Whole(GOOD.to_owned())).await;
    for url in [
        server.url("http", "user:canary@127.0.0.1"),
        server.url("ftp", "127.0.0.1"),
        "canary".to_owned(),
        String::new(),
    ] {
        let error = Place::new(&[], &[]).get(&url).await.err().unwrap();
        assert!(clean(&error).starts_with("unusable answer: the URL cannot be asked: "), "{error}");
    }
    assert_eq!(server.connections(), 0);
}

/// Four at once, each as fast as a thread can write. The server is on threads of its own: this runtime has one.
#[tokio::test]
async fn who_talks_without_end_keeps_nobody_else_waiting() {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().take(4) {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let _ = stream.read(&mut [0; 4096]);
                let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(4096);
                // Until the client has had enough.
                while stream.write_all(interim.as_bytes()).is_ok() {}
            });
        }
    });
    let client = Place::new(&[], &[]).site.client(HttpSettings::new()).unwrap();
    let cx = within(Duration::from_secs(1));
    let ask = || client.send(&cx, HttpRequest::new("GET", url.as_str()));
    let asked = async { tokio::join!(ask(), ask(), ask(), ask()) };
    let begun = std::time::Instant::now();
    let ticks = async {
        let mut longest = Duration::ZERO;
        loop {
            let before = std::time::Instant::now();
            tokio::time::sleep(Duration::from_millis(10)).await;
            longest = longest.max(before.elapsed());
            if begun.elapsed() > Duration::from_millis(900) {
                return longest;
            }
        }
    };
    let ((a, b, c, d), longest) = tokio::join!(asked, ticks);
    for answer in [a, b, c, d] {
        assert!(matches!(answer, Err(BackendError::Timeout(_))), "{:?}", answer.err());
    }
    // Generous: on the same thread it takes as long as they talk.
    assert!(longest < Duration::from_millis(800), "others waited for {longest:?}");
}
