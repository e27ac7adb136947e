//! nginx before the servers, with the lines of the page.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::asking::SAYS_CLIENT;
use crate::components::{self, NGINX};
use crate::harness::process::{Process, free_port};

const PAGE: &str = include_str!("../../../docs/stores.md");
/// Who real clients are to be: they cannot say it themselves, and nginx's own machine is nobody.
const REAL_CLIENT: &str = "203.0.113.200";

pub(super) struct Front {
    process: Process,
    port: u16,
    /// Where clients come in that cannot say who they are to be.
    door: u16,
    accesses: PathBuf,
}

/// One answered request: its status, and whom nginx asked about it, with what each of them said.
#[derive(Debug)]
pub(super) struct Access {
    pub(super) status: u16,
    pub(super) asked: Vec<(u16, String)>,
}

/// What the page says belongs into nginx's `http`, and into its `server`.
fn lines() -> [&'static str; 2] {
    let (_, page) = PAGE.split_once("## Replicas").unwrap();
    let mut blocks = page.split("```nginx\n").skip(1).map(|block| block.split_once("```").unwrap().0);
    let lines = [blocks.next().unwrap(), blocks.next().unwrap()];
    assert!(blocks.next().is_none(), "a block that nobody tries");
    lines
}

impl Front {
    pub(super) fn start(dir: &Path, servers: [u16; 2]) -> Self {
        let place = dir.display().to_string();
        let accesses = dir.join("accesses");
        let [mut upstream, location] = lines().map(str::to_owned);
        for (written, port) in ["10.0.7.11:5001", "10.0.7.12:5001"].iter().zip(servers) {
            assert!(upstream.contains(written), "{upstream}");
            upstream = upstream.replace(written, &format!("127.0.0.1:{port}"));
        }
        let program = components::find(NGINX.program).unwrap();
        let mut door = 0;
        let (process, port) = Process::listening("nginx/", |port| {
            door = free_port();
            let config = format!(
                "daemon off;\nmaster_process off;\npid {place}/nginx.pid;\nerror_log stderr notice;\n\
                 events {{}}\n\
                 http {{\n\
                 log_format asked '$status;$upstream_addr;$upstream_status';\naccess_log off;\n\
                 client_body_temp_path {place}/body; proxy_temp_path {place}/proxy; fastcgi_temp_path {place}/fastcgi;\n\
                 uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi;\n\
                 {upstream}\n\
                 server {{\n\
                 listen 127.0.0.1:{port};\n\
                 access_log {} asked;\n\
                 set_real_ip_from 127.0.0.1; real_ip_header {SAYS_CLIENT};\n\
                 {location}\n\
                 }}\n\
                 server {{\n\
                 listen 127.0.0.1:{door};\n\
                 location / {{ proxy_pass http://127.0.0.1:{port}; proxy_set_header {SAYS_CLIENT} {REAL_CLIENT}; }}\n\
                 }}\n\
                 }}\n",
                accesses.display()
            );
            fs::write(dir.join("nginx.conf"), config).unwrap();
            let mut command = Command::new(&program);
            command.args(["-e", "stderr", "-p", &place, "-c"]).arg(dir.join("nginx.conf"));
            Process::start(&mut command, dir, "nginx")
        });
        Self { process, port, door, accesses }
    }

    pub(super) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// By name: crane takes no realm at a private address.
    pub(super) fn realm(&self) -> String {
        format!("http://localhost:{}/auth", self.door)
    }

    pub(super) fn accesses(&self) -> Vec<Access> {
        let text = fs::read_to_string(&self.accesses).unwrap_or_default();
        // The last line may be half written.
        text.split_inclusive('\n').filter_map(|line| access(line.strip_suffix('\n')?)).collect()
    }

    pub(super) fn log_file(&self) -> PathBuf {
        self.process.log_file().to_owned()
    }
}

fn access(line: &str) -> Option<Access> {
    let mut fields = line.split(';');
    let status = fields.next()?.parse().ok()?;
    let [servers, answers] = [fields.next()?, fields.next()?].map(|list| list.split(", "));
    // A group that nobody is left of stands there by its name.
    let port = |server: &str| server.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(0);
    let asked = servers.zip(answers).map(|(server, answer)| (port(server), answer.to_owned())).collect();
    Some(Access { status, asked })
}
