//! How many changes and reads a second the store in a file makes, alone and with 64 callers at once. The directory is made
//! where the argument says, since the disk is what is measured; else where the system keeps temporary files.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that cannot be made says why and ends"
)]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dockgate_api::config::{Located, Location};
use dockgate_api::{Owner, Record, Shelf, Store};
use dockgate_store::{StoreConfig, StoreHandle};
use dockgate_testkit::fakes::{build_context, call};

const SHELF: Shelf = Shelf::RefreshTokens;
/// For how long each figure is measured.
const ROUND: Duration = Duration::from_secs(3);

fn located<T>(value: T) -> Located<T> {
    Located { location: Location::unknown(), index: None, value }
}

#[tokio::main]
async fn main() {
    let directory = match std::env::args_os().nth(1) {
        Some(above) => tempfile::tempdir_in(PathBuf::from(above)),
        None => tempfile::tempdir(),
    }
    .unwrap();
    let file = Some(located(directory.path().to_path_buf()));
    let config = StoreConfig {
        file,
        redis: None,
        postgres: None,
        recheck: None,
        secret: None,
        secret_file: None,
        secret_before: None,
        secret_before_file: None,
    };
    let handle = StoreHandle::new(config, &build_context()).unwrap();
    handle.open().unwrap();
    let store: Arc<dyn Store> = Arc::new(handle);
    println!("| | callers | a second |\n|---|---|---|");
    for callers in [1, 64] {
        println!("| put | {callers} | {:.0} |", rate(&store, callers, true).await);
        println!("| get | {callers} | {:.0} |", rate(&store, callers, false).await);
    }
}

async fn rate(store: &Arc<dyn Store>, callers: usize, put: bool) -> f64 {
    let begun = Instant::now();
    let callers: Vec<_> = (0..callers)
        .map(|caller| {
            let store = Arc::clone(store);
            tokio::spawn(async move {
                let mut number = 0_u32;
                while begun.elapsed() < ROUND {
                    let key = format!("{caller}-{}", if put { number } else { 0 });
                    if put {
                        let owner =
                            Owner::new("staff", format!("subject-{caller}"), format!("account-{caller}"));
                        let cx = call();
                        let record = Record::new(key, cx.now(), vec![7; 200])
                            .owned_by(owner)
                            .with_expires_at(cx.now() + Duration::from_secs(3600));
                        store.put(&cx, SHELF, record).await.unwrap();
                    } else {
                        assert!(store.get(&call(), SHELF, &key).await.unwrap().is_some());
                    }
                    number += 1;
                }
                number
            })
        })
        .collect();
    let mut done = 0;
    for caller in callers {
        done += caller.await.unwrap();
    }
    f64::from(done) / begun.elapsed().as_secs_f64()
}
