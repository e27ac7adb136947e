use std::sync::Arc;
use std::time::{Duration, SystemTime};

use dockgate_api::secrecy::SecretString;
use dockgate_api::{
    BackendError, Call, Dialect, HttpClient, HttpRequest, HttpResponse, HttpSettings, HttpSettingsError,
    Outbound, async_trait,
};
use dockgate_testkit::fakes::{ScriptedHttp, World};
use proptest::prelude::*;

use super::*;
use crate::testing::{build, context, kept};

const TIMEOUT: Duration = Duration::from_secs(3);

/// Says how much time each request was given.
#[derive(Clone, Default)]
struct Stopwatch(Arc<std::sync::Mutex<Vec<Duration>>>);

#[async_trait]
impl HttpClient for Stopwatch {
    async fn send(&self, cx: &Call, _request: HttpRequest) -> Result<HttpResponse, BackendError> {
        self.0.lock().unwrap().push(cx.remaining());
        Err(BackendError::Timeout("too late".to_owned()))
    }
}

impl Outbound for Stopwatch {
    fn client(&self, _settings: HttpSettings) -> Result<Arc<dyn HttpClient>, HttpSettingsError> {
        Ok(Arc::new(self.clone()))
    }

    fn authorities(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }
}

#[tokio::test]
async fn a_request_has_its_own_time_and_never_more_than_the_call() {
    let (world, watch) = (World::new(), Stopwatch::default());
    let cx = world.build_context().with_outbound(Arc::new(watch.clone()));
    let provider = Provider::new("There", "https://there.example.com", TIMEOUT, &cx).unwrap();
    let request = || HttpRequest::new("GET", "https://there.example.com/");
    provider.send(&world.call(), request()).await.err().unwrap();
    assert!(matches!(provider.health(), dockgate_api::Health::Degraded(_)));

    let provider = Provider::new("There", "https://there.example.com", TIMEOUT, &cx).unwrap();
    let hurried = world.call().with_deadline(std::time::Instant::now() + TIMEOUT / 3);
    provider.send(&hurried, request()).await.err().unwrap();
    assert_eq!(provider.health(), dockgate_api::Health::Up, "it was given too little to be late");
    let given = watch.0.lock().unwrap().clone();
    assert!(
        matches!(given.as_slice(), [own, less] if *own <= TIMEOUT && *own > TIMEOUT / 3 && *less <= TIMEOUT / 3)
    );
}

#[tokio::test]
async fn a_limit_outlives_a_reload() {
    let (world, http) = (World::new(), ScriptedHttp::new());
    let cx = context(&world, &http, Dialect::Native);
    let url = "https://there.example.com/";
    http.on("GET", url, HttpResponse::new(429, Vec::new(), Vec::new()));
    let before = Provider::new("There", url, TIMEOUT, &cx).unwrap();
    before.send(&world.call(), HttpRequest::new("GET", url)).await.err().unwrap();
    let after = Provider::new("There", url, TIMEOUT, &cx).unwrap();
    drop(before);
    http.take_asked();
    assert!(after.send(&world.call(), HttpRequest::new("GET", url)).await.is_err());
    assert!(http.take_asked().is_empty());
}

#[tokio::test]
async fn limits_of_many_people_are_remembered_within_bounds() {
    let (world, http) = (World::new(), ScriptedHttp::new());
    let url = "https://there.example.com/";
    let provider = Provider::new("There", url, TIMEOUT, &context(&world, &http, Dialect::Native)).unwrap();
    let ask = async |who: &str| {
        let mut request = HttpRequest::new("GET", url);
        if !who.is_empty() {
            request.headers.push(("authorization".to_owned(), format!("Bearer {who}")));
        }
        http.take_asked();
        provider.send(&world.call(), request).await.err().unwrap();
        !http.take_asked().is_empty()
    };
    http.on("GET", url, HttpResponse::new(429, Vec::new(), Vec::new()));
    assert!(ask("").await);
    for number in 0..1100 {
        assert!(ask(&number.to_string()).await, "{number}");
    }
    assert!(!ask("").await, "our own is never forgotten for others'");
    assert!(!ask("1099").await, "the last is remembered");
    let mut forgotten = 0;
    for number in 0..1100 {
        forgotten += u32::from(ask(&number.to_string()).await);
    }
    assert!(forgotten >= 77, "{forgotten}");
}

#[tokio::test]
async fn without_a_client_there_is_no_link() {
    let section = serde_json::json!({"organization": "acme", "client_id": "a", "client_secret": "b"});
    let cx = World::new().build_context();
    let error = build::<crate::GithubAuthConfig>(&cx, section).err().unwrap();
    assert!(error.to_string().contains("makes no outgoing HTTP requests"));
}

fn tokens(access: &str, refresh: Option<&str>, expires_at: Option<u64>) -> Tokens {
    Tokens {
        access: access.into(),
        refresh: refresh.map(Into::into),
        expires_at: expires_at.map(|end| SystemTime::UNIX_EPOCH + Duration::from_secs(end)),
    }
}

#[test]
fn a_kept_text_of_another_version_or_none_is_refused() {
    for text in ["", "null", "{}", r#"{"v":0,"subject":"1","access_token":"a"}"#, r#"{"v":1,"subject":"1"}"#]
    {
        assert!(Held::read(&SecretString::from(text)).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn what_is_kept_is_read_again(
        subject in ".{0,20}",
        access in ".{0,20}",
        refresh in proptest::option::of(".{0,20}"),
        end in proptest::option::of(0_u64..1 << 40),
    ) {
        let held = Held { subject: subject.clone(), tokens: tokens(&access, refresh.as_deref(), end) };
        let written = held.write().unwrap();
        let again = Held::read(&written).unwrap();
        prop_assert_eq!(kept(&written), kept(&again.write().unwrap()));
        prop_assert_eq!(again.subject, subject);
        prop_assert_eq!(again.tokens.expires_at, held.tokens.expires_at);
    }

    #[test]
    fn no_text_of_a_refusal_makes_it_panic(body in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = said(&HttpResponse::new(403, Vec::new(), body));
    }

    #[test]
    fn steps_below_a_url_stay_below_it(steps in proptest::collection::vec(".{0,12}", 1..4)) {
        let base = url::Url::parse("https://api.example.com/v3/").unwrap();
        let url = below(&base, steps.iter().map(String::as_str));
        prop_assert_eq!(url.origin(), base.origin());
        prop_assert!(url.path().starts_with("/v3"), "{}", url);
        prop_assert!(url.query().is_none() && url.fragment().is_none());
    }
}
