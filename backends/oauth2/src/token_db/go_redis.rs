//! The options of the Go Redis client (`go-redis`, version 6.15.9, which docker_auth is built with) as YAML has them: the
//! names of its fields in lower case.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use dockgate_api::config::secret::Secret;
use dockgate_api::config::{GoDuration, KeyPath, Located, Location, Remark};
use dockgate_api::{BuildContext, BuildError};
use dockgate_store::OfGoRedis;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, Visitor};

use super::Unread;

/// Longer waits are slips of the pen.
const LONGEST: Duration = Duration::from_hours(24);
/// Where the Go client looks when it is told nothing.
const DEFAULT: &str = "localhost:6379";

/// A section of options: those that say something here, and those that do not.
macro_rules! options {
    (
        $(#[$meta:meta])* $name:ident {
            $($(#[$field_meta:meta])* $field:ident: $type:ty,)*
        } unread {
            $($unread:ident,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(serde::Deserialize, JsonSchema)]
        pub(super) struct $name {
            $($(#[$field_meta])* $field: Option<Located<$type>>,)*
            $(
                #[doc = "Has no meaning here."]
                #[schemars(with = "Option<serde_json::Value>")]
                $unread: Option<Located<Unread>>,
            )*
        }

        impl $name {
            /// The options that are given and have no meaning here.
            fn without_meaning(&self) -> Vec<&'static str> {
                let mut given = Vec::new();
                $(if self.$unread.is_some() { given.push(stringify!($unread)); })*
                given
            }
        }
    };
}

options! {
    /// `redis.Options`.
    GoRedis {
        /// Where it is: `HOST:PORT`, or the path of a socket; `localhost:6379` if not given.
        addr: String,
        /// `tcp` or `unix`.
        network: String,
        /// The ACL user.
        username: String,
        /// Its password.
        #[schemars(with = "Option<String>")]
        password: Secret,
        /// Which of its databases; 0 if not given.
        db: u16,
        /// For the connection; 5s if not given.
        dialtimeout: GoTime,
        /// For one question; 3s if not given.
        readtimeout: GoTime,
        /// TLS; `{}` is enough.
        tlsconfig: GoTls,
    } unread {
        writetimeout, poolsize, minidleconns, maxconnage, pooltimeout, idletimeout, idlecheckfrequency, maxretries,
        minretrybackoff, maxretrybackoff,
    }
}

options! {
    /// `redis.ClusterOptions`.
    GoCluster {
        /// Members of the cluster, each as `HOST:PORT`; the others are found through them.
        addrs: Vec<Located<String>>,
        /// The ACL user.
        username: String,
        /// Its password.
        #[schemars(with = "Option<String>")]
        password: Secret,
        /// For the connection; 5s if not given.
        dialtimeout: GoTime,
        /// For one question; 3s if not given.
        readtimeout: GoTime,
        /// TLS; `{}` is enough.
        tlsconfig: GoTls,
    } unread {
        maxredirects, readonly, routebylatency, routerandomly, writetimeout, poolsize, minidleconns, maxconnage,
        pooltimeout, idletimeout, idlecheckfrequency, maxretries, minretrybackoff, maxretrybackoff,
    }
}

options! {
    /// Go's `tls.Config`, as far as YAML can write it.
    GoTls {
        /// The name that the certificate must be for, if not the host of the address.
        servername: String,
        /// Only `false`.
        insecureskipverify: bool,
    } unread {
        nextprotos, clientauth, ciphersuites, preferserverciphersuites, sessionticketsdisabled, sessionticketkey, minversion,
        maxversion, curvepreferences, dynamicrecordsizingdisabled, renegotiation,
    }
}

/// A time as the Go client takes it: `5s`, or a number of nanoseconds; 0 is its own default and -1 no end.
#[derive(Clone, Copy)]
pub(super) struct GoTime(Option<Duration>);

impl GoRedis {
    /// What they say; what is wrong goes to `errors`.
    pub(super) fn read(self, place: &Location, cx: &BuildContext, errors: &mut BuildError) -> OfGoRedis {
        let section = Section { name: "redis_options", place, cx };
        section.note(&self.without_meaning());
        if let Some(network) = self.network {
            let is_socket = self.addr.as_ref().is_some_and(|addr| addr.starts_with('/'));
            let problem = match network.as_str() {
                "" | "tcp" | "tcp4" | "tcp6" => None,
                "unix" if is_socket => None,
                "unix" => Some("write the whole path of the socket with `addr`"),
                _ => Some("write `tcp` or `unix`"),
            };
            if let Some(problem) = problem {
                errors.add(section.at(&network.location, "network", problem));
            }
        }
        let addr = match self.addr.filter(|addr| !addr.is_empty()) {
            None => Located { location: place.clone(), index: None, value: DEFAULT.to_owned() },
            Some(addr) => here_if_it_names_no_host(addr),
        };
        OfGoRedis {
            addr: Some(addr),
            addrs: Vec::new(),
            username: self.username,
            password: self.password,
            db: self.db,
            connect: section.time("dialtimeout", self.dialtimeout, errors),
            answer: section.time("readtimeout", self.readtimeout, errors),
            tls: self.tlsconfig.map(|tls| section.tls(tls, errors)),
        }
    }
}

impl GoCluster {
    /// What they say; what is wrong goes to `errors`.
    pub(super) fn read(self, place: &Location, cx: &BuildContext, errors: &mut BuildError) -> OfGoRedis {
        let section = Section { name: "redis_cluster_options", place, cx };
        section.note(&self.without_meaning());
        let addrs = self.addrs.map(|addrs| addrs.value).unwrap_or_default();
        OfGoRedis {
            addr: None,
            addrs: addrs.into_iter().map(here_if_it_names_no_host).collect(),
            username: self.username,
            password: self.password,
            db: None,
            connect: section.time("dialtimeout", self.dialtimeout, errors),
            answer: section.time("readtimeout", self.readtimeout, errors),
            tls: self.tlsconfig.map(|tls| section.tls(tls, errors)),
        }
    }
}

/// To Go, `:6379` is this machine.
fn here_if_it_names_no_host(mut addr: Located<String>) -> Located<String> {
    if addr.starts_with(':') {
        addr.value.insert_str(0, "localhost");
    }
    addr
}

/// One of the two, and where it stands.
struct Section<'a> {
    name: &'static str,
    place: &'a Location,
    cx: &'a BuildContext,
}

impl Section<'_> {
    fn key(&self) -> KeyPath {
        KeyPath::root().key("redis_token_db").key(self.name)
    }

    fn at(&self, location: &Location, key: &str, message: &str) -> Remark {
        Remark::new(location.clone(), self.key().join(key), message)
    }

    fn note(&self, without_meaning: &[&str]) {
        if !without_meaning.is_empty() {
            let named = without_meaning.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let message = format!("these options of the Go client have no meaning here: {named}");
            self.cx.note(Remark::new(self.place.clone(), self.key(), message));
        }
    }

    fn time(&self, key: &str, given: Option<Located<GoTime>>, errors: &mut BuildError) -> Option<Duration> {
        let given = given?;
        let time = given.value.0?;
        if !(Duration::from_millis(1)..=LONGEST).contains(&time) {
            let message = "out of range: write a duration from `1ms` to `24h`";
            errors.add(self.at(&given.location, key, message));
        }
        Some(time)
    }

    fn tls(&self, tls: Located<GoTls>, errors: &mut BuildError) -> Located<Option<Located<String>>> {
        if let Some(insecure) = tls.insecureskipverify.as_ref().filter(|insecure| insecure.value) {
            let message = "certificates are always checked here: name the authority of Redis with `outbound: {ca_bundle: \
                           FILE}`, and the name in its certificate with `servername`";
            errors.add(self.at(&insecure.location, "tlsconfig.insecureskipverify", message));
        }
        let unread = tls.without_meaning();
        if !unread.is_empty() {
            let named = unread.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let message = format!("these options of Go's TLS have no meaning here: {named}");
            self.cx.note(Remark::new(tls.location.clone(), self.key().key("tlsconfig"), message));
        }
        let server_name = tls.value.servername.filter(|name| !name.is_empty());
        Located { location: tls.location, index: None, value: server_name }
    }
}

impl<'de> Deserialize<'de> for GoTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TimeVisitor)
    }
}

struct TimeVisitor;

impl Visitor<'_> for TimeVisitor {
    type Value = GoTime;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration such as `5s`, or a number of nanoseconds")
    }

    fn visit_i64<E: de::Error>(self, nanoseconds: i64) -> Result<GoTime, E> {
        // 0 is the client's default, -1 no end: ours is bounded.
        Ok(GoTime(u64::try_from(nanoseconds).ok().filter(|time| *time > 0).map(Duration::from_nanos)))
    }

    fn visit_i128<E: de::Error>(self, nanoseconds: i128) -> Result<GoTime, E> {
        i64::try_from(nanoseconds).map_err(E::custom).and_then(|nanoseconds| self.visit_i64(nanoseconds))
    }

    fn visit_u64<E: de::Error>(self, nanoseconds: u64) -> Result<GoTime, E> {
        i64::try_from(nanoseconds).map_err(E::custom).and_then(|nanoseconds| self.visit_i64(nanoseconds))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<GoTime, E> {
        let time: GoDuration = text.parse().map_err(E::custom)?;
        Ok(GoTime(Some(time.0).filter(|time| !time.is_zero())))
    }
}

impl JsonSchema for GoTime {
    fn schema_name() -> Cow<'static, str> {
        "GoTime".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A duration such as `5s`, or a number of nanoseconds.",
            "type": ["string", "integer"],
        })
    }
}
