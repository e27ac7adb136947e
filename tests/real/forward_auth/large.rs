//! A layer of a gibibyte, in pieces of no length told before, up and down through a proxy that keeps none of it.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use aws_lc_rs::digest::{Context, SHA256};

use super::Front;
use super::site::{Gated, Mode};
use crate::accounts::ALICE;
use crate::components::CURL;
use crate::harness::http::Response;
use crate::harness::logs;

const LAYER: u64 = 1 << 30;
/// Of so many zeros.
const DIGEST: &str = "49bc20df15e412a64472421e13fe86ff1c5165e18b2afccf160d4dc19fe68a14";
const PIECE: usize = 1 << 20;

/// Pushes and pulls it; `keeps` looks for what the proxy put aside.
pub(super) fn passes_as_it_comes<F: Front>(keeps: impl Fn(&Gated<F>)) {
    let Some(gated) = Gated::<F>::start(Mode::Basic, &[CURL]) else { return };
    let begun = gated.ask(Some(&ALICE), "POST", "/v2/alice/big/blobs/uploads/");
    assert_eq!(begun.status, 202, "{begun:?}");
    let location = begun.header("Location").unwrap();
    let sent = up(&gated, location);
    assert_eq!(sent.status, 202, "{sent:?}\n{}", gated.logs());
    let location = sent.header("Location").unwrap();
    let target = location.split_once("registry.example.com").unwrap().1.to_owned();
    let ended = gated.ask(Some(&ALICE), "PUT", &format!("{target}&digest=sha256:{DIGEST}"));
    assert_eq!(ended.status, 201, "{ended:?}\n{}", gated.logs());
    assert_eq!(down(&gated), (LAYER, DIGEST.to_owned()));

    keeps(&gated);
    let most = most_resident(gated.front.pid());
    assert!(most < F::MOST_RESIDENT, "{most} KiB");
    // One question on a connection that was open already is cheaper than two handshakes.
    for _ in 0..50 {
        assert_eq!(
            gated.ask(Some(&ALICE), "HEAD", &format!("/v2/alice/big/blobs/sha256:{DIGEST}")).status,
            200
        );
    }
    let checks = gated.counted("dockgate_gate_checks_total");
    let connections = gated.counted("dockgate_connections_accepted_total");
    assert!(checks > 50 && connections * 10 < checks, "{connections} connections for {checks} questions");
}

/// curl by HTTP/2, which asks no length, as alice.
fn curl<F: Front>(gated: &Gated<F>) -> Command {
    let mut curl = Command::new(CURL.program);
    let by_name = format!("registry.example.com:443:127.0.0.1:{}", gated.port);
    curl.args(["--silent", "--show-error", "--http2", "--max-time", "120", "--connect-to", &by_name])
        .arg("--cacert")
        .arg(gated.certificate())
        .args(["--user", &format!("{}:{}", ALICE.name, ALICE.password)])
        .stderr(Stdio::inherit());
    curl
}

fn up<F: Front>(gated: &Gated<F>, location: &str) -> Response {
    let mut curl = curl(gated);
    curl.args(["--request", "PATCH", "--upload-file", "-", "--include"]);
    curl.args(["--header", "Content-Type: application/octet-stream", location]);
    let mut child = curl.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = thread::spawn(move || {
        let zeros = vec![0; PIECE];
        for _ in 0..LAYER / PIECE as u64 {
            stdin.write_all(&zeros).unwrap();
        }
    });
    let answer = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    writer.join().unwrap();
    assert!(answer.starts_with("HTTP/2 "), "{answer}");
    Response::read(&answer)
}

/// How much came, and its digest.
fn down<F: Front>(gated: &Gated<F>) -> (u64, String) {
    let mut curl = curl(gated);
    curl.arg(format!("https://registry.example.com/v2/alice/big/blobs/sha256:{DIGEST}"));
    let mut child = curl.stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let (mut piece, mut came, mut hash) = (vec![0; PIECE], 0, Context::new(&SHA256));
    loop {
        let read = stdout.read(&mut piece).unwrap();
        if read == 0 {
            break;
        }
        came += read as u64;
        hash.update(&piece[..read]);
    }
    assert!(child.wait().unwrap().success());
    let digest = hash.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    (came, digest)
}

/// The most memory that a process ever had, in KiB.
fn most_resident(pid: u32) -> u64 {
    let status = logs::read(Path::new(&format!("/proc/{pid}/status")));
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
