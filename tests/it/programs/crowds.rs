//! Many clients at once.

use std::fs;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::{PATIENCE, all_gone, children, site, written};
use crate::process::{Server, poll};

const SCOPE: &str = "repository:a:pull";

const CLIENTS: usize = 128;

/// Beside the programs there is somebody whom no program has to decide.
const STATIC: &str =
    "users: {\"static\": {password: \"$2y$04$d8oBrj6tsvqxTm68gfmzue7GlOlRNlgqIExZxp/6e1e1I5iux6Lm.\"}}";

/// Every second program hangs, with children of its own, of which one has left for a session of its own.
#[test]
fn a_thousand_logins_of_which_every_second_hangs_leave_nothing_behind() {
    let site = site(
        &format!(
            "authn:\n  - {STATIC}\n  - ext_auth: {{command: ./who, timeout: 4s, max_concurrent: 128, \
             environment: {{PATH: \"/usr/bin:/bin\"}}}}\n\
             authz:\n  - acl: [{{match: {{}}, actions: [pull]}}]\n"
        ),
        &[(
            "who",
            "read account password
            echo $$ >> processes
            case $account in
                hang*)
                    sleep 1000 & echo $! >> processes
                    setsid sleep 1001 & echo $! >> processes
                    wait ;;
                *) exit 0 ;;
            esac",
        )],
    );
    let server = Server::start(&site, "auth.yml");
    let (next, there) = (AtomicUsize::new(0), AtomicUsize::new(CLIENTS));
    let statuses = |account: &str| server.ask(Some((account, "alpha-pass")), SCOPE).status;
    let typical = std::thread::scope(|threads| {
        let good = threads.spawn(|| {
            let mut took = Vec::new();
            while there.load(Ordering::Relaxed) > 0 {
                let asked = Instant::now();
                assert_eq!(statuses("static"), 200);
                took.push(asked.elapsed());
            }
            took.sort_unstable();
            took[took.len() / 2]
        });
        let clients = (0..CLIENTS).map(|_| {
            threads.spawn(|| {
                let _ends = Ends(&there);
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= 1000 {
                        return;
                    }
                    if number % 2 == 0 {
                        assert_eq!(statuses(&format!("hang{number}")), 503);
                    } else {
                        assert_eq!(statuses(&format!("good{number}")), 200);
                    }
                }
            })
        });
        let clients: Vec<_> = clients.collect();
        for client in clients {
            client.join().unwrap();
        }
        good.join().unwrap()
    });
    // Generous: the figure is measured elsewhere. Waiting for one program alone would take as long.
    assert!(typical < Duration::from_millis(300), "static users waited for programs: {typical:?}");
    let processes = written(&site, "processes");
    assert!(processes.len() > 1000, "only {} processes", processes.len());
    all_gone(&processes);
    let none = poll(PATIENCE, || children(server.pid()).is_empty().then_some(()));
    assert!(none.is_some(), "{:?}", children(server.pid()));
}

/// Says that the crowd is over when the last of it has gone, however that was.
struct Ends<'a>(&'a AtomicUsize);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[test]
fn three_hundred_clients_stay_within_the_bound_and_are_all_answered() {
    let site = site(
        "authn:\n  - ext_auth: {command: ./who, max_concurrent: 8, environment: {PATH: \"/usr/bin:/bin\"}}\n\
         authz:\n  - acl: [{match: {}, actions: [pull]}]\n",
        &[(
            "who",
            "mkdir -p running
            : > running/$$
            sleep 0.1
            ls running | wc -l >> counted
            rm running/$$
            exit 0",
        )],
    );
    let server = Server::start(&site, "auth.yml");
    let together = Barrier::new(300);
    std::thread::scope(|threads| {
        for number in 0..300 {
            let (server, together) = (&server, &together);
            threads.spawn(move || {
                together.wait();
                let account = format!("client{number}");
                assert_eq!(server.ask(Some((&account, "password")), SCOPE).granted(), "pull");
            });
        }
    });
    let counted = fs::read_to_string(site.file("counted")).unwrap();
    let counted: Vec<usize> = counted.lines().map(|line| line.trim().parse().unwrap()).collect();
    assert_eq!(counted.len(), 300);
    let most = *counted.iter().max().unwrap();
    assert!((2..=8).contains(&most), "{most} at a time");
}

#[test]
fn who_finds_no_place_in_the_queue_is_told_when_to_come_back() {
    let site = site(
        "authn:\n  - ext_auth: {command: ./who, max_concurrent: 1, max_queue: 1, environment: {PATH: \"/usr/bin:/bin\"}}\n\
         authz:\n  - acl: [{match: {}, actions: [pull]}]\n",
        &[("who", "echo $$ >> processes; while [ ! -e go ]; do sleep 0.01; done")],
    );
    let server = Server::start(&site, "auth.yml");
    let login = || server.ask(Some(("alice", "password")), SCOPE);
    std::thread::scope(|threads| {
        let first = threads.spawn(login);
        super::wait_for(&site, "processes", 1);
        // One of them waits, the others find no place.
        let more: Vec<_> = (0..5).map(|_| threads.spawn(login)).collect();
        let refused = || more.iter().filter(|client| client.is_finished()).count() == 4;
        assert!(poll(PATIENCE, || refused().then_some(())).is_some(), "nobody is refused");
        site.write("go", "");
        assert_eq!(first.join().unwrap().status, 200);
        let answers: Vec<_> = more.into_iter().map(|client| client.join().unwrap()).collect();
        let (good, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        assert_eq!((good.len(), refused.len()), (1, 4), "{answers:?}");
        for answer in refused {
            assert_eq!(answer.status, 503, "{answer:?}");
            let head = answer.head.to_ascii_lowercase();
            let after = head.lines().find_map(|line| line.strip_prefix("retry-after: ")).unwrap();
            assert!((1..=60).contains(&after.trim().parse::<u32>().unwrap()), "{after}");
        }
    });
    server.said("max_queue", 1);
}
