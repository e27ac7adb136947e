//! "Authenticate proxy with nginx", of the registry's own documentation: who is in a group may push.

mod cost;
mod directory;
mod htpasswd;

use std::fs;
use std::time::Duration;

use super::site::SetUp;
use crate::accounts::Account;
use crate::client::{Client, Login};
use crate::components::{CURL, Component};
use crate::directory::tap::Tap;
use crate::harness::poll;
use crate::harness::process::Process;
use crate::home::Home;
use crate::image::Image;

/// How blocks of the README begin.
const MAKE_PASSWORDS: &str = "htpasswd -cbB -C 10 config/push.htpasswd testuser testpassword";
const ASK_DIRECTORY: &str = "dockgate ldap-test config/ldap.yml --account testuser";

/// The article's.
const TESTUSER: Account = Account { name: "testuser", password: "testpassword", hash: "" };
/// The network between nginx and the gate.
const GATE: &str = "172.31.43.0/29";
/// Whom nginx takes its clients for: all of a test come from one machine, whose own address is nobody's.
const CLIENT: &str = "203.0.113.9";
const PUBLIC_URL: &str = "https://myregistrydomain.com:5043";
const DONE_WITHIN: Duration = Duration::from_secs(30);

/// The three servers, and somebody who listens on the way to the registry.
struct Site {
    set_up: SetUp,
    gate: Process,
    nginx: Process,
    _registry: Process,
    registry: Tap,
    host: String,
}

impl Site {
    /// With what is in `config/VARIANT.yml`, where `places` are exchanged.
    fn start(mut set_up: SetUp, variant: &str, places: &[(&str, &str)]) -> Self {
        let config = format!("config/{variant}.yml");
        let (gate, gate_port) = set_up.dockgate(&config, &[&[(GATE, "127.0.0.1")], places].concat());
        let (registry, registry_port) = set_up.registry(&[]);
        let tap = Tap::on(registry_port);
        let (nginx, port) = set_up.nginx(&[
            ("gate:5001", &format!("127.0.0.1:{gate_port}")),
            ("registry:5000", &format!("127.0.0.1:{}", tap.port)),
            ("$remote_addr", CLIENT),
        ]);
        let host = format!("localhost:{port}");
        if set_up.read(&config).contains(PUBLIC_URL) {
            let here = set_up.read(&config).replace(PUBLIC_URL, &format!("https://{host}"));
            fs::write(set_up.path(&config), here).unwrap();
            let reloaded = poll(DONE_WITHIN, || gate.log().contains("configuration reloaded").then_some(()));
            assert!(reloaded.is_some(), "{}", gate.log());
        }
        Self { set_up, gate, nginx, _registry: registry, registry: tap, host }
    }

    fn client<C: Client>(&self) -> C {
        C::at(self.home())
    }

    fn home(&self) -> Home {
        self.set_up.home(&self.host).trusting(self.set_up.path("nginx/domain.crt"))
    }

    #[track_caller]
    fn client_of<C: Client>(&self, account: &Account) -> C {
        let client: C = self.client();
        client.login(account.name, account.password).succeeds();
        client
    }

    /// Another one with the same engine.
    #[track_caller]
    fn beside<C: Client>(&self, client: &C, account: &Account) -> C {
        let other = client.beside(self.home());
        other.login(account.name, account.password).succeeds();
        other
    }

    /// The status of an answer, as somebody or nobody in particular, with a further header.
    #[track_caller]
    fn curl(&self, account: Option<&Account>, method: &str, path: &str, header: &str) -> u16 {
        let url = format!("https://{}{path}", self.host);
        let proof = account.map(|account| format!("{}:{}", account.name, account.password));
        let mut words = vec!["-sS", "-o", "answer", "-w", "%{http_code}", "--cacert", "nginx/domain.crt"];
        words.extend(["-X", method, "-H", header, &url]);
        words.extend(proof.iter().flat_map(|proof| ["-u", proof]));
        let answer = self.set_up.run(CURL.program, &words);
        answer.succeeds().stdout.parse().unwrap()
    }

    /// The article's last four lines, and what it promises: who is not in the group cannot push.
    fn only_the_group_pushes<C: Client>(&self, reader: &Account) {
        let image = Image::of(&["ubuntu", "two"]);
        let testuser: C = self.client_of(&TESTUSER);
        testuser.push(&image, "test:1").succeeds();
        assert_eq!(testuser.pulled("test:1"), image);

        let other = self.beside(&testuser, reader);
        assert_eq!(other.pulled("test:1"), image);
        other.push(&Image::of(&["theirs"]), "test:1").fails_with("denied");
        other.push(&image, "another:1").fails_with("denied");
        assert_eq!(testuser.pulled("test:1"), image, "it is still what it was");

        let nobody = testuser.beside(self.home());
        nobody.pull("test:1").fails();
        if C::LOGIN == Login::Checked {
            nobody.login(TESTUSER.name, "wrong").fails();
        }
    }
}

/// The files, once what every variant needs is made.
fn set_up(clients: &[Component], more: &[Component]) -> Option<SetUp> {
    let set_up = SetUp::of("registry-docs-push-group", &[clients, more, &[CURL]].concat())?;
    set_up.follow("umask 077");
    Some(set_up)
}
