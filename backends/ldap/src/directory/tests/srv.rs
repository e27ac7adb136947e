use std::collections::VecDeque;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Mutex;

use dockgate_api::Health;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::op::{Message, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::SRV;
use hickory_resolver::proto::rr::{Name, RData, Record};
use tokio::net::UdpSocket;

use super::*;
use crate::directory::srv::SrvRoster;

/// Priority, weight, port and target.
type Srv = (u16, u16, u16, &'static str);

/// A name server that answers the same to everybody.
struct NameServer {
    addr: SocketAddr,
    /// None answers nothing at all, nothing answers that there is no such name.
    records: Arc<Mutex<Option<Vec<Srv>>>>,
    asked: Arc<Mutex<VecDeque<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl NameServer {
    async fn start(records: &[Srv]) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let addr = socket.local_addr().unwrap();
        let (records, asked) = (Arc::new(Mutex::new(Some(records.to_vec()))), Arc::default());
        let task = tokio::spawn(answer(socket, Arc::clone(&records), Arc::clone(&asked)));
        Self { addr, records, asked, task }
    }

    fn say(&self, records: Option<&[Srv]>) {
        *self.records.lock().unwrap() = records.map(<[Srv]>::to_vec);
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// A directory whose servers it names.
    fn directory(&self, world: &World, server_name: Option<&str>) -> (Arc<Directory>, Arc<Fleet>) {
        let Settings { service, mut timeouts, pool, .. } = settings(&[]);
        timeouts.connect = Duration::from_millis(500);
        let dialer = Dialer { tls: None, server_name: server_name.map(str::to_owned) };
        let cx = context(world);
        let shared = Arc::new(Shared::new(&cx, dialer, service, timeouts, pool));
        let addr = self.addr;
        let resolvers = Box::new(move || {
            let mut connection = ConnectionConfig::udp();
            connection.port = addr.port();
            let server = NameServerConfig::new(addr.ip(), true, vec![connection]);
            let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
            let provider = TokioRuntimeProvider::default();
            crate::directory::srv::build(TokioResolver::builder_with_config(config, provider))
                .map_err(|error| error.to_string())
        });
        let roster = SrvRoster::asking(&shared, "example.test".to_owned(), Security::None, resolvers);
        let directory = Directory::of(Fleet::new(shared, Roster::Srv(roster)), Referrals::Ignore, &cx);
        let fleet = Arc::clone(&directory.fleet);
        (directory, fleet)
    }
}

async fn answer(
    socket: UdpSocket,
    records: Arc<Mutex<Option<Vec<Srv>>>>,
    asked: Arc<Mutex<VecDeque<String>>>,
) {
    let mut buffer = [0; 1500];
    while let Ok((length, client)) = socket.recv_from(&mut buffer).await {
        let request = Message::from_vec(&buffer[..length]).unwrap();
        let query = request.queries[0].clone();
        asked.lock().unwrap().push_back(query.name().to_ascii());
        let Some(records) = records.lock().unwrap().clone() else { continue };
        let mut response = Message::response(request.id, OpCode::Query);
        if records.is_empty() {
            response.metadata.response_code = ResponseCode::NXDomain;
        }
        let name = query.name().clone();
        response.add_query(query);
        for (priority, weight, port, target) in records {
            let data = RData::SRV(SRV::new(priority, weight, port, Name::from_str(target).unwrap()));
            response.add_answer(Record::from_rdata(name.clone(), 1, data));
        }
        socket.send_to(&response.to_vec().unwrap(), client).await.unwrap();
    }
}

#[tokio::test]
async fn records_are_looked_up_when_first_needed_and_kept() {
    let (world, first, second) = (World::new(), kit().start().await, kit().start().await);
    let records = [
        (1, 0, second.addr.port(), "localhost."),
        (0, 0, first.addr.port(), "localhost."),
        (0, 0, 1, "."),
        (2, 0, first.addr.port(), "LOCALHOST."),
    ];
    let names = NameServer::start(&records).await;
    let (directory, fleet) = names.directory(&world, Some("localhost"));
    assert_eq!((names.asked(), directory.health()), (0, Health::Up));
    for _ in 0..5 {
        finds_alice(&directory).await;
    }
    assert_eq!(*names.asked.lock().unwrap(), ["_ldap._tcp.example.test."]);
    assert_eq!((first.searches().len(), second.searches().len()), (5, 0), "by priority");
    first.stop().await;
    finds_alice(&directory).await;
    assert_eq!(second.searches().len(), 1);
    // The same servers are the same, with all that is known of them.
    let known = fleet.known();
    look_up_again(&fleet).await;
    assert!(known.iter().zip(fleet.known()).all(|(before, after)| Arc::ptr_eq(before, &after)));
    assert_eq!(known.len(), 2);
}

/// As when the records are as old as they may become.
async fn look_up_again(fleet: &Fleet) {
    let Roster::Srv(roster) = &fleet.roster else { panic!("no records") };
    roster.expire();
    roster.refresh().await;
}

#[tokio::test]
async fn the_last_answer_is_kept_when_a_lookup_fails() {
    let (world, server) = (World::new(), kit().start().await);
    let names = NameServer::start(&[(0, 0, server.addr.port(), "localhost.")]).await;
    let (directory, fleet) = names.directory(&world, Some("localhost"));
    finds_alice(&directory).await;
    names.say(Some(&[]));
    look_up_again(&fleet).await;
    finds_alice(&directory).await;
    let Health::Degraded(why) = directory.health() else { panic!("{:?}", directory.health()) };
    assert!(why.contains("_ldap._tcp.example.test"), "{why}");
    let another = kit().start().await;
    names.say(Some(&[(0, 0, another.addr.port(), "localhost.")]));
    // In the background, after a rest.
    health_becomes(&directory, |health| *health == Health::Up).await;
    finds_alice(&directory).await;
    assert_eq!((server.searches().len(), another.searches().len()), (2, 1));
}

#[tokio::test]
async fn a_name_service_that_is_down_costs_one_login_its_time() {
    let (world, server) = (World::new(), kit().start().await);
    let names = NameServer::start(&[]).await;
    names.say(None);
    let (directory, _) = names.directory(&world, Some("localhost"));
    let ask = || async { super::names(&*directory, &call(), "alice").await };
    let error = ask().await.unwrap_err();
    assert!(
        matches!(&error, BackendError::Unavailable(text) if text.contains("_ldap._tcp.example.test")),
        "{error}"
    );
    assert!(matches!(directory.health(), Health::Down(_)));
    for _ in 0..20 {
        let asked = Instant::now();
        assert!(matches!(ask().await, Err(BackendError::Unavailable(_))));
        assert!(asked.elapsed() < Duration::from_millis(500));
    }
    // Nor while somebody in the background waits for it.
    let before = names.asked();
    until("it is asked again", || std::future::ready(names.asked() > before)).await;
    let asked = Instant::now();
    assert!(matches!(ask().await, Err(BackendError::Unavailable(_))));
    assert!(asked.elapsed() < Duration::from_secs(2));
    names.say(Some(&[(0, 0, server.addr.port(), "localhost.")]));
    health_becomes(&directory, |health| *health == Health::Up).await;
    finds_alice(&directory).await;
}

#[tokio::test]
async fn a_record_that_leads_out_of_the_domain_is_not_used() {
    let (world, server) = (World::new(), kit().start().await);
    let names = NameServer::start(&[(0, 0, server.addr.port(), "localhost.")]).await;
    let (directory, _) = names.directory(&world, None);
    let error = super::names(&*directory, &call(), "alice").await.unwrap_err();
    let BackendError::Unavailable(text) = error else { panic!("{error}") };
    assert!(text.contains("names no server that may be asked"), "{text}");
    assert_eq!(server.connections_made(), 0);
}
