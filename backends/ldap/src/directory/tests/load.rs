use dockgate_api::Health;

use super::*;

/// One login: a search and a bind.
async fn login(directory: &Directory) -> Result<(), BackendError> {
    let cx = call();
    let found = names(directory, &cx, "alice").await?;
    assert_eq!(found, ["Alice"]);
    assert_eq!(bind(directory, ALICE, "another-password").await?.0, 49);
    let (code, session) = bind(directory, ALICE, "alice-password").await?;
    assert_eq!(code, 0);
    assert_eq!(names(&session, &cx, "bob").await?, ["Bob"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_one_of_two_servers_killed_under_load_no_login_fails() {
    let (world, first, second) = (World::new(), kit().start().await, kit().start().await);
    for order in [Order::Listed, Order::Random] {
        let directory = started(&world, Settings { order, ..settings(&[&first, &second]) });
        let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let workers: Vec<_> = (0..8)
            .map(|_| {
                let (directory, stop) = (Arc::clone(&directory), Arc::clone(&stop));
                tokio::spawn(async move {
                    let mut logins = 0_u32;
                    while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                        login(&directory).await.unwrap();
                        logins += 1;
                    }
                    logins
                })
            })
            .collect();
        let busy = async |server: &RunningDirectory| {
            let there = server.searches().len() + 50;
            until("a server is busy", || std::future::ready(server.searches().len() >= there)).await;
        };
        for _ in 0..3 {
            busy(&first).await;
            first.stop().await;
            busy(&second).await;
            first.listen_again();
            health_becomes(&directory, |health| *health == Health::Up).await;
            // Connections alone may break as well.
            first.close_connections();
            second.close_connections();
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        for worker in workers {
            assert!(worker.await.unwrap() > 0);
        }
    }
}
