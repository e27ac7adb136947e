use std::net::IpAddr;
use std::time::Duration;

use dockgate_api::secrecy::ExposeSecret as _;
use dockgate_api::{Owner, Shelf};
use dockgate_testkit::fakes::{World, call_at, noon};
use dockgate_testkit::store::MemoryStore;

use super::*;
use crate::credentials::Limit;

struct Site {
    store: MemoryStore,
    world: World,
}

impl Site {
    fn new() -> Self {
        Self { store: MemoryStore::new(), world: World::new() }
    }

    fn codes(&self) -> Codes<'_> {
        Codes::new(&self.store, self.world.random.as_ref())
    }

    async fn issue(&self) -> Issued {
        self.codes().issue(&call_at(noon()), asked("192.0.2.1")).await.unwrap()
    }

    /// At so many seconds after noon.
    async fn poll(&self, issued: &Issued, after: u64) -> Polled {
        let cx = call_at(noon() + Duration::from_secs(after));
        self.codes().poll(&cx, &issued.device_code, "dockgate").await.unwrap()
    }
}

fn asked(from: &str) -> Asked {
    Asked {
        client_id: "dockgate".to_owned(),
        client_name: Some("alice's laptop".to_owned()),
        scopes: vec![Limit::parse("repository:**:pull").unwrap()],
        from: Some(from.parse().unwrap()),
    }
}

fn alice() -> Owner {
    Owner::new("github_auth", "1", "alice")
}

#[tokio::test]
async fn a_code_that_was_confirmed_is_handed_out_once() {
    let site = Site::new();
    let issued = site.issue().await;
    let cx = call_at(noon());
    assert!(matches!(site.poll(&issued, 0).await, Polled::Pending));

    let waiting = site.codes().waiting(&cx, &issued.user_code).await.unwrap().unwrap();
    assert_eq!(waiting.from.as_deref(), Some("192.0.2.1"));
    assert_eq!(waiting.client_name.as_deref(), Some("alice's laptop"));
    assert_eq!(waiting.asked, noon());
    assert_eq!(site.codes().confirm(&cx, &issued.user_code, &alice()).await.unwrap(), Some(waiting.clone()));
    assert_eq!(site.codes().waiting(&cx, &issued.user_code).await.unwrap(), None);
    let mallory = Owner::new("github_auth", "2", "mallory");
    assert_eq!(site.codes().confirm(&cx, &issued.user_code, &mallory).await.unwrap(), None, "decided");

    let Polled::Confirmed(confirmed) = site.poll(&issued, 5).await else { panic!("not confirmed") };
    assert_eq!((&confirmed.owner, &confirmed.request), (&alice(), &waiting));
    assert!(matches!(site.poll(&issued, 10).await, Polled::Unknown), "handed out twice");
    site.codes().put_back(&cx, *confirmed).await.unwrap();
    assert!(matches!(site.poll(&issued, 15).await, Polled::Confirmed(_)), "put back and lost");
}

#[tokio::test]
async fn a_program_that_asks_too_often_is_slowed() {
    let site = Site::new();
    let issued = site.issue().await;
    assert!(matches!(site.poll(&issued, 0).await, Polled::Pending));
    for after in [1, 3] {
        assert!(matches!(site.poll(&issued, after).await, Polled::TooFast), "{after}");
    }
    assert!(matches!(site.poll(&issued, 5).await, Polled::Pending));
}

#[tokio::test]
async fn what_is_refused_or_over_stays_so() {
    let site = Site::new();
    let (refused, late) = (site.issue().await, site.issue().await);
    site.codes().refuse(&call_at(noon()), &refused.user_code).await.unwrap().unwrap();
    for after in [0, 5, 700] {
        assert!(matches!(site.poll(&refused, after).await, Polled::Refused), "{after}");
    }
    assert!(matches!(site.poll(&late, 599).await, Polled::Pending));
    assert!(matches!(site.poll(&late, 604).await, Polled::Expired));
    let over = call_at(noon() + Duration::from_secs(601));
    assert_eq!(site.codes().waiting(&over, &late.user_code).await.unwrap(), None);
    assert_eq!(site.codes().confirm(&over, &late.user_code, &alice()).await.unwrap(), None);
    assert!(matches!(site.poll(&late, 1000).await, Polled::Unknown), "remembered for ever");
    let unknown = Issued { device_code: "guessed".to_owned().into(), user_code: late.user_code };
    assert!(matches!(site.poll(&unknown, 0).await, Polled::Unknown));
}

#[tokio::test]
async fn no_secret_is_stored() {
    let site = Site::new();
    let issued = site.issue().await;
    let records = format!("{:?}", site.store.records(Shelf::SignIns));
    let texts: Vec<String> = site
        .store
        .records(Shelf::SignIns)
        .iter()
        .map(|record| String::from_utf8_lossy(&record.value).into_owned())
        .collect();
    assert_eq!(texts.len(), 2);
    for text in texts.iter().chain([&records]) {
        assert!(!text.contains(issued.device_code.expose_secret()), "{text}");
    }
    assert_eq!(issued.device_code.expose_secret().len(), 43, "256 bits");
}

#[tokio::test]
async fn one_network_and_all_of_them_ask_within_bounds() {
    let site = Site::new();
    let cx = call_at(noon());
    let ask = async |from: &str, after: u64| {
        site.codes().issue(&call_at(noon() + Duration::from_secs(after)), asked(from)).await
    };
    for _ in 0..30 {
        ask("2001:db8::1", 0).await.unwrap();
    }
    let Err(NotIssued::TooMany(too_many)) = ask("2001:db8::2", 0).await else {
        panic!("the /64 is one network")
    };
    assert_eq!(too_many.retry_after, Duration::from_mins(10));
    ask("2001:db8:0:1::1", 0).await.unwrap();
    assert!(ask("2001:db8::2", 599).await.is_err());
    ask("2001:db8::2", 600).await.unwrap();

    let before = site.store.records(Shelf::SignIns).len();
    let site = Site::new();
    let mut refused = 0;
    for number in 0..10_100_u32 {
        let from = IpAddr::from((0x0a00_0000 + number).to_be_bytes());
        let asked = Asked { from: Some(from), ..asked("192.0.2.1") };
        refused += usize::from(site.codes().issue(&cx, asked).await.is_err());
    }
    assert!(before > 0 && refused >= 100, "{refused}");
    assert!(site.store.records(Shelf::SignIns).len() <= 20_000, "two records a request");
}

#[tokio::test]
async fn nobody_guesses_long() {
    let site = Site::new();
    let cx = call_at(noon());
    let from = Some("192.0.2.1".parse().unwrap());
    for _ in 0..20 {
        site.codes().typed(&cx, &alice(), from).await.unwrap();
    }
    assert!(matches!(site.codes().typed(&cx, &alice(), from).await, Err(NotIssued::TooMany(_))));
    let elsewhere = Some("192.0.2.2".parse().unwrap());
    assert!(site.codes().typed(&cx, &alice(), elsewhere).await.is_err(), "another address is no way around");
    for number in 0..79 {
        let owner = Owner::new("github_auth", format!("{}", 10 + number), "somebody");
        site.codes().typed(&cx, &owner, from).await.unwrap();
    }
    let carol = Owner::new("github_auth", "3", "carol");
    site.codes().typed(&cx, &carol, from).await.unwrap();
    assert!(site.codes().typed(&cx, &carol, from).await.is_err(), "many accounts are no way around");
    site.codes().typed(&cx, &carol, elsewhere).await.unwrap();
}
