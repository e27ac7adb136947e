mod told;

use axum::http::{HeaderValue, Method, Uri};

use super::identity::Told;
use super::*;
use crate::lockout::Standing;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const BEFORE: &str = "fedcba9876543210fedcba9876543210";
const PATH: &str = "/docker/forward-auth";
const ALL: [Preset; 6] =
    [Preset::Nginx, Preset::IngressNginx, Preset::Traefik, Preset::Caddy, Preset::Envoy, Preset::Haproxy];

/// A gate before which a proxy stands at `10.0.7.3` or in `2001:db8:7::/48`.
fn gate(preset: Preset) -> Gate {
    let secret = |text: &str| SharedSecret::new(SecretString::from(text.to_owned()));
    Gate::new(Parts {
        mode: Mode::Basic,
        service: "test-service".to_owned(),
        realm: None,
        preset,
        headers: preset.headers(),
        secrets: vec![secret(SECRET), secret(BEFORE)],
        trusted: ["10.0.7.3", "2001:db8:7::/48"].map(|text| Network::parse(text).unwrap()).to_vec(),
        identity: IdentityHeaders::new(vec![(HeaderName::from_static("x-auth-user"), Told::Account)]),
    })
}

fn headers(lines: &[(&str, &str)]) -> HeaderMap {
    let line = |(name, value): &(&str, &str)| {
        (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
    };
    let mut headers = HeaderMap::new();
    for (name, value) in lines.iter().map(line) {
        headers.append(name, value);
    }
    headers
}

fn peer(address: &str) -> ClientAddress {
    ClientAddress::of(address.parse().unwrap())
}

#[test]
fn a_proxy_is_known_by_its_address() {
    let gate = gate(Preset::Nginx);
    let sent = headers(&[("x-dockgate-secret", SECRET)]);
    for of_the_proxy in ["10.0.7.3", "::ffff:10.0.7.3", "2001:db8:7::1", "2001:db8:7:ffff::1"] {
        assert_eq!(gate.admits(peer(of_the_proxy), &sent), Ok(()), "{of_the_proxy}");
    }
    for other in ["10.0.7.4", "::ffff:10.0.7.4", "::10.0.7.3", "127.0.0.1", "::1", "2001:db8:8::1"] {
        assert_eq!(gate.admits(peer(other), &sent), Err(NotTheProxy::Address), "{other}");
    }
    assert_eq!(gate.admits(ClientAddress(None), &sent), Ok(()), "over a unix socket");
}

#[test]
fn a_proxy_is_known_by_its_secret() {
    let gate = gate(Preset::Nginx);
    let admits = |address, sent: &[&str]| {
        let lines: Vec<_> = sent.iter().map(|secret| ("x-dockgate-secret", *secret)).collect();
        gate.admits(address, &headers(&lines))
    };
    let (longer, upper) = (format!("{SECRET}0"), SECRET.to_uppercase());
    for address in [peer("10.0.7.3"), ClientAddress(None)] {
        assert_eq!(admits(address, &[SECRET]), Ok(()));
        assert_eq!(admits(address, &[BEFORE]), Ok(()), "the one from before");
        let both = format!("{SECRET}, {BEFORE}");
        for bad in ["", &SECRET[..31], &SECRET[1..], &longer, &upper, &both] {
            assert_eq!(admits(address, &[bad]), Err(NotTheProxy::Secret), "{bad:?}");
        }
        for bad in [&[][..], &[SECRET, SECRET], &[SECRET, BEFORE], &[SECRET, ""], &["", SECRET]] {
            assert_eq!(admits(address, bad), Err(NotTheProxy::Secret), "{bad:?}");
        }
    }
    assert_eq!(admits(peer("10.0.7.4"), &[SECRET]), Err(NotTheProxy::Address), "the secret alone");
}

#[test]
fn secrets_are_not_shown() {
    let shown = format!("{:?} {:#?}", gate(Preset::Nginx), gate(Preset::Nginx));
    assert!(shown.contains("SharedSecret") && shown.contains("test-service"), "{shown}");
    assert!(!shown.contains(SECRET) && !shown.contains(BEFORE), "{shown}");
}

/// The method and the target, or why there are none.
fn read(preset: Preset, asked: (&str, &str), lines: &[(&str, &str)]) -> Result<(String, String), NotAsked> {
    let (method, uri): (Method, Uri) = (asked.0.parse().unwrap(), asked.1.parse().unwrap());
    let headers = headers(lines);
    let gate = gate(preset);
    let original = gate.original(PATH, &method, &uri, &headers)?;
    Ok((original.method.to_owned(), original.target.to_owned()))
}

/// The headers by which a preset says it, and what stands before the path.
fn says(preset: Preset) -> Option<(&'static str, &'static str, &'static str)> {
    match preset {
        Preset::Nginx | Preset::Haproxy => Some(("x-original-method", "x-original-uri", "")),
        Preset::IngressNginx => Some(("x-original-method", "x-original-url", "https://r.example.com")),
        Preset::Traefik | Preset::Caddy => Some(("x-forwarded-method", "x-forwarded-uri", "")),
        Preset::Envoy => None,
    }
}

#[test]
fn each_proxy_says_it_in_its_own_way() {
    let target = "/v2/app/blobs/uploads/?mount=a&from=b%2Fc";
    for preset in ALL {
        let asked = ("PATCH".to_owned(), target.to_owned());
        let Some((method, uri, before)) = says(preset) else {
            let behind = format!("{PATH}{target}");
            assert_eq!(read(preset, ("PATCH", &behind), &[]), Ok(asked), "{preset}");
            continue;
        };
        let said = format!("{before}{target}");
        let [said, patch] = [(uri, said.as_str()), (method, "PATCH")];
        assert_eq!(read(preset, ("GET", PATH), &[said, patch]), Ok(asked), "{preset}");
        let read = |lines: &[_]| read(preset, ("GET", PATH), lines).map_err(|not| not.0);
        assert_eq!(read(&[patch]), Err("the proxy did not say the client's path"), "{preset}");
        assert_eq!(read(&[said]), Err("the proxy did not say the client's method"), "{preset}");
        let twice = Err("a header that counts is there more than once");
        for again in [said, patch] {
            assert_eq!(read(&[said, patch, again]), twice, "{preset}");
        }
        let types = ["text/plain", "text/html"].map(|value| ("content-type", value));
        assert_eq!(read(&[said, patch, types[0], types[1]]), twice, "{preset}");
    }
}

#[test]
fn what_another_proxy_would_say_was_said_by_the_client() {
    let foreign = NotAsked("a header is there by which another kind of proxy says what is asked for");
    let of_others = ["x-rewrite-url", "x-envoy-original-path", "x-http-method-override", "x-method-override"];
    let of_presets = ALL.into_iter().filter_map(says).flat_map(|(method, uri, _)| [method, uri]);
    for name in of_presets.chain(of_others) {
        for preset in ALL {
            let Some((method, uri, before)) = says(preset) else {
                let behind = format!("{PATH}/v2/");
                assert_eq!(
                    read(preset, ("GET", &behind), &[(name, "GET")]),
                    Err(foreign),
                    "{preset}: {name}"
                );
                continue;
            };
            if name != method && name != uri {
                let url = format!("{before}/v2/");
                let lines = [(method, "GET"), (uri, url.as_str()), (name, "GET")];
                assert_eq!(read(preset, ("GET", PATH), &lines), Err(foreign), "{preset}: {name}");
            }
        }
    }
}

#[test]
fn the_host_of_a_url_ends_where_every_server_ends_it() {
    let read = |url: &str| {
        let lines = [("x-original-method", "GET"), ("x-original-url", url)];
        read(Preset::IngressNginx, ("GET", PATH), &lines).map(|(_, target)| target)
    };
    let target = "/v2//x?y=https://z/v2/";
    for host in ["r.example.com", "r.example.com:5000", "10.0.7.9", "[2001:db8::1]", "[::1]:5000", "r_1", "R"]
    {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}{target}");
            assert_eq!(read(&url).as_deref(), Ok(target), "{url}");
        }
    }
    for bad in [
        "https://x?/v2/app/manifests/1",
        "https://x#/v2/",
        "https://x\\/v2/",
        "https://x%2f/v2/",
        "https://x /v2/",
        "https://x,y/v2/",
        "https://user@x/v2/",
        "https://user:word@x/v2/",
        "https:///v2/",
        "https://x",
        "https://",
        "https:/x/v2/",
        "HTTPS://x/v2/",
        "ftp://x/v2/",
        "//x/v2/",
        "/v2/",
        " https://x/v2/",
        "",
    ] {
        let said = "the proxy's URL of the request has no scheme, host and path";
        assert_eq!(read(bad), Err(NotAsked(said)), "{bad:?}");
    }
}

#[test]
fn only_envoy_asks_behind_the_gate() {
    let read = |preset, uri: &str| read(preset, ("PUT", uri), &[]).map(|(_, target)| target);
    for (behind, target) in [
        ("/v2/?n=1", "/v2/?n=1"),
        ("/docker/forward-auth/v2/", "/docker/forward-auth/v2/"),
        ("", ""),
        ("//v2/", "//v2/"),
    ] {
        assert_eq!(read(Preset::Envoy, &format!("{PATH}{behind}")).as_deref(), Ok(target));
    }
    assert_eq!(read(Preset::Envoy, &format!("http://x{PATH}/v2/")).as_deref(), Ok("/v2/"), "absolute");
    assert_eq!(read(Preset::Envoy, "/v2/").as_deref(), Ok(""), "not behind it");
    for preset in ALL.into_iter().filter(|preset| says(*preset).is_some()) {
        let said = "the proxy asks behind the gate's own path: only Envoy does";
        assert_eq!(read(preset, &format!("{PATH}/v2/")), Err(NotAsked(said)), "{preset}");
    }
}

#[test]
fn headers_that_count_are_not_taken_away() {
    let read = |name: &str, value: &[u8]| {
        let mut sent =
            headers(&[("x-original-method", "GET"), ("x-original-uri", "/v2/"), ("connection", "close")]);
        sent.append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_bytes(value).unwrap(),
        );
        let gate = gate(Preset::Nginx);
        gate.original(PATH, &Method::GET, &Uri::from_static(PATH), &sent).map(|_| ()).map_err(|not| not.0)
    };
    for harmless in ["keep-alive", "Upgrade, HTTP2-Settings", "", ",", "te,", "x-other", "a b"] {
        assert_eq!(read("connection", harmless.as_bytes()), Ok(()), "{harmless:?}");
    }
    let dropped = Err("the client asks the proxy to drop a header that counts");
    for counts in [
        "x-dockgate-secret",
        "X-Forwarded-For",
        "x-original-uri",
        "x-original-method",
        "x-forwarded-uri",
        "x-auth-user",
        "Authorization",
        "content-type",
    ] {
        for value in [counts.to_owned(), format!("close,{counts}"), format!("close,\t{counts} , te")] {
            assert_eq!(read("connection", value.as_bytes()), dropped, "{value:?}");
        }
        let with_bytes = [counts.as_bytes(), b", \xff"].concat();
        assert_eq!(read("connection", &with_bytes), dropped, "{counts}, and bytes that are no text");
    }
    let otherwise = Err("a header is written with signs that some servers take for hyphens");
    for name in
        ["x_auth_user", "x-auth_user", "x.auth.user", "x_dockgate_secret", "x_original-uri", "content_type"]
    {
        assert_eq!(read(name, b"x"), otherwise, "{name}");
    }
    assert_eq!(read("x_other", b"x"), Ok(()));
    let told = Err("the client sent a header by which the registry is told who it is");
    assert_eq!(read("x-auth-user", b""), told);
}

#[test]
fn the_client_is_the_last_one_that_is_no_proxy() {
    let gate = gate(Preset::Nginx);
    let client = |lines: &[&str]| {
        let lines: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
        gate.client(peer("10.0.7.3"), &headers(&lines)).map_err(|not| not.0)
    };
    for (lines, address) in [
        (&["203.0.113.9"][..], "203.0.113.9"),
        (&["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
        (&["198.51.100.1, 203.0.113.9, 10.0.7.3"], "203.0.113.9"),
        (&["198.51.100.1", "203.0.113.9", "2001:db8:7::1"], "203.0.113.9"),
        (&["somebody, 2001:db8::9"], "2001:db8::9"),
        (&["::ffff:203.0.113.9"], "203.0.113.9"),
    ] {
        assert_eq!(client(lines), Ok((peer(address), Standing::Own)), "{lines:?}");
    }
    // A proxy's own, where nobody says who was before it.
    assert_eq!(client(&["10.0.7.3"]), Ok((peer("10.0.7.3"), Standing::Shared)));
    for own in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "0.0.0.0", "203.0.113.9, 127.0.0.1"] {
        assert_eq!(client(&[own]), Ok((ClientAddress(None), Standing::Shared)), "{own}");
    }
    assert_eq!(client(&[]), Err("the proxy did not name the client's address"));
    for garbage in ["", "somebody", "203.0.113.9, ", "203.0.113.9, x", "203.0.113.999"] {
        assert_eq!(client(&[garbage]), Err("the proxy named a client's address that is none"), "{garbage:?}");
    }
    let over_a_socket = gate.client(ClientAddress(None), &headers(&[("x-forwarded-for", "203.0.113.9")]));
    assert_eq!(over_a_socket, Ok((peer("203.0.113.9"), Standing::Own)));
}
