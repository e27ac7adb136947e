//! Nobody passes for somebody who signed in, nor gets more than their groups give.

use super::browser::{Browser, PUBLIC};
use super::{Asked, Person};

const MINE: &str = "repository:mine/app:delete,pull,push";

impl Asked {
    /// Every way in which one passes for the chief.
    pub(in super::super) fn holds(&self) {
        let chief = self.app_password(self.chief);
        let own = self.grants.iter().find(|(person, ..)| *person == self.chief).unwrap().1;
        let status = |account: &str, password: &str| self.ask(Some((account, password)), own).status;
        assert_eq!(status(self.chief.account, &chief), 200, "else a refusal proves nothing");
        self.nothing_like_it_counts(&chief, &status);
        self.others_passwords_are_theirs();
        self.callbacks_are_one_browsers();
        self.forms_are_ours();
        for header in ["X-Forwarded-User", "Remote-User", "X-Remote-User", "X-Auth-Request-User"] {
            let headers = [("X-Forwarded-For", "192.0.2.7"), (header, self.chief.account)];
            let target = "/auth?service=registry&scope=repository:mine/app:pull";
            assert_eq!(self.server.address().request("GET", target, &headers, b"").status, 401, "{header}");
        }
        self.keeps_secrets([chief.as_str()].into_iter());
    }

    fn nothing_like_it_counts(&self, password: &str, status: &dyn Fn(&str, &str) -> u16) {
        let cut = &password[..password.len() - 1];
        let last = if password.ends_with('a') { 'b' } else { 'a' };
        let (changed, loud) = (format!("{cut}{last}"), password.to_uppercase());
        let (robot, refresh) = (password.replace("dgp_", "dga_"), password.replace("dgp_", "dgr_"));
        let (line, blank) = (format!("{password}\n"), format!(" {password}"));
        for wrong in [
            "wrong",
            "",
            " ",
            "dgp_",
            cut,
            &changed,
            &loud,
            &robot,
            &refresh,
            &line,
            &blank,
            "*",
            "${account}",
        ] {
            assert_eq!(status(self.chief.account, wrong), 401, "{wrong:?}");
        }
        let (wide, blank) = (format!("{}*", self.chief.account), format!("{} ", self.chief.account));
        for other in ["somebody", "*", "/.+/", "${account}", &wide, &blank] {
            assert_eq!(status(other, password), 401, "{other:?}");
        }
    }

    /// An app password is good for the person who made it.
    fn others_passwords_are_theirs(&self) {
        let mut people: Vec<Person> = self.grants.iter().map(|(person, ..)| *person).collect();
        people.dedup();
        for person in people.into_iter().filter(|person| person.account != self.chief.account) {
            let password = self.app_password(person);
            assert_eq!(self.ask(Some((self.chief.account, &password)), MINE).status, 401, "{person:?}");
        }
    }

    /// What a provider sends back counts in the browser that asked, once, and nowhere else.
    fn callbacks_are_one_browsers(&self) {
        for (route, sign_in) in &self.providers {
            let (victim, thief) = (Browser::new(&self.server), Browser::new(&self.server));
            thief.start(route);
            let back = sign_in(&victim.start(route), self.chief.name);
            let Some(callback) = back.header("location").and_then(|url| url.strip_prefix(PUBLIC)) else {
                panic!("{route}: {}", back.text())
            };
            assert_eq!(thief.get(callback).status, 400, "{route}: in another browser");
            assert_eq!(thief.csrf(), None);
            let forged = format!("{route}?code=made-up&state=made-up");
            assert_eq!(victim.get(&forged).status, 400, "{route}: with a state of one's own");
            let elsewhere = Browser::new(&self.server).start(&format!("{route}?next=https://evil.example"));
            assert!(!elsewhere.contains("evil"), "{elsewhere}");
        }
    }

    /// Nobody's page makes somebody's browser act here.
    fn forms_are_ours(&self) {
        let browser = Browser::new(&self.server);
        assert_eq!(self.comes_back(&browser, self.chief).status, 303);
        let csrf = browser.csrf().expect("the chief is signed in");
        for (origin, token) in [("https://evil.example", csrf.as_str()), (PUBLIC, ""), (PUBLIC, "made up")] {
            for path in ["/app-passwords", "/app-passwords/revoke", "/sign-out"] {
                let fields =
                    [("csrf", token), ("name", "theirs"), ("id", "x"), ("lifetime", ""), ("patterns", "")];
                assert_eq!(browser.post(path, origin, &fields).status, 403, "{path} {origin} {token:?}");
            }
        }
        assert_eq!(browser.csrf(), Some(csrf), "still signed in");
    }
}
