//! From the section to the backend.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use dockgate_api::config::{GoDuration, KeyPath, Located, Remark, bounds};
use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_api::{Authenticator, Authorizer, BuildContext, BuildError, Configure, Dialect, LabelValues};
use dockgate_hooks::{Cache, CacheConfig, Limits, LimitsConfig, MaxConcurrent, MaxQueue, Slots};
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::authenticator::ProgramAuthenticator;
use crate::authorizer::ProgramAuthorizer;
use crate::command;
use crate::hook::{Hook, Way};
use crate::lines::Workers;
use crate::process::{Children, Environment, Program};

/// As many as a small machine can run, and a queue that the beginning of many pipelines fits into.
const LIMITS: Limits = Limits { max_concurrent: 16, max_queue: 1000 };

const WORKERS: usize = 2;

/// Where the C library looks for programs where there is no PATH (execvp(3)).
const WITHOUT_PATH: &str = "/bin:/usr/bin";

const TIMEOUT: Duration = Duration::from_secs(10);

/// The section below `ext_auth` and `ext_authz`: a program decides.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ProgramConfig {
    /// The program: a path, or a name that is looked up in PATH when the configuration is loaded.
    #[schemars(with = "String")]
    command: Located<String>,
    /// Its arguments, as they are: no shell reads them.
    #[serde(default)]
    args: Vec<Located<String>>,
    /// How it is asked, and how it answers; `plain` if not given.
    protocol: Option<Located<Protocol>>,
    /// After this time it is killed, with everything that it started; 10s if not given.
    #[serde(default, deserialize_with = "time_if_any")]
    timeout: Option<GoDuration>,
    /// Programs that run at a time, and with `protocol: lines` questions that are asked at a time; 16 if not given.
    max_concurrent: Option<MaxConcurrent>,
    /// Questions that may wait until one of these is answered; further ones get 503 with Retry-After. 1000 if not given.
    max_queue: Option<MaxQueue>,
    /// Environment variables. In docker_auth's flat form they are added to the server's own, in a list they are all
    /// there are.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    environment: BTreeMap<String, Located<Variable>>,
    /// With `protocol: lines`: programs that are kept running, from 1 to 256; 2 if not given.
    #[schemars(with = "Option<usize>", range(min = 1, max = 256))]
    workers: Option<Located<Number>>,
    /// Answers that are given again to the same question. None if not given.
    cache: Option<CacheConfig>,
}

/// How a program is asked, and how it answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// docker_auth's: the exit code decides.
    #[default]
    Plain,
    /// One document in, one document out.
    Json,
    /// One document a line, to programs that stay.
    Lines,
}

/// How many workers there are.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Number(#[serde(deserialize_with = "bounds::number::<1, 256, _, _>")] usize);

/// The value of an environment variable, which may be a secret.
#[derive(Debug, Clone)]
struct Variable(SecretString);

impl<'de> Deserialize<'de> for Variable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = String::deserialize(deserializer)?;
        if value.contains('\0') {
            return Err(D::Error::custom("an environment variable holds no NUL: take it out"));
        }
        Ok(Self(value.into()))
    }
}

fn time_if_any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<GoDuration>, D::Error> {
    bounds::time(deserializer).map(Some)
}

impl Configure<dyn Authenticator> for ProgramConfig {
    /// docker_auth's documented use: the script says which repositories are somebody's own.
    fn label_values(dialect: Dialect) -> LabelValues {
        match dialect {
            Dialect::DockerAuth => LabelValues::Pattern,
            Dialect::Native => LabelValues::Literal,
        }
    }

    fn build(self, cx: &BuildContext) -> Result<Arc<dyn Authenticator>, BuildError> {
        if cx.dialect() == Dialect::DockerAuth {
            cx.warn(Remark::on_section(
                "labels that the program answers act as patterns in rules, as in docker_auth: if it passes on what users \
                 can edit, move it into an `authn:` list, where they stand for themselves",
            ));
        }
        let cache = self.cache.map_or_else(|| Ok(Cache::off()), |cache| cache.build(cx));
        let hook = self.hook(cx, "who")?;
        Ok(Arc::new(ProgramAuthenticator { hook, cache: cache? }))
    }
}

impl Configure<dyn Authorizer> for ProgramConfig {
    fn build(self, cx: &BuildContext) -> Result<Arc<dyn Authorizer>, BuildError> {
        let cache = self.cache.map_or_else(|| Ok(Cache::off()), |cache| cache.build(cx));
        let hook = self.hook(cx, "what")?;
        Ok(Arc::new(ProgramAuthorizer { hook, cache: cache? }))
    }
}

impl ProgramConfig {
    /// `question` tells the places of `ext_auth` and `ext_authz` apart, whose links may have the same name.
    fn hook(self, cx: &BuildContext, question: &str) -> Result<Hook, BuildError> {
        let mut errors = BuildError::none();
        for argument in self.args.iter().filter(|argument| argument.value.contains('\0')) {
            let key = KeyPath::root().key("args").item(argument.index.unwrap_or_default());
            errors.add(Remark::new(argument.location.clone(), key, "an argument holds no NUL: take it out"));
        }
        for (name, value) in &self.environment {
            if name.is_empty() || name.contains(['=', '\0']) {
                let key = KeyPath::root().key("environment").key(name);
                let message = "this cannot be the name of a variable: write a word without `=`";
                errors.add(Remark::new(value.location.clone(), key, message));
            }
        }
        let protocol = self.protocol.as_ref().map(|protocol| protocol.value).unwrap_or_default();
        if let Some(workers) = self.workers.as_ref().filter(|_| protocol != Protocol::Lines) {
            let message =
                "only programs with `protocol: lines` stay: write that beside it, or take `workers` away";
            errors.add(Remark::new(workers.location.clone(), KeyPath::root().key("workers"), message));
        }
        let path =
            command::find(&self.command, &self.directories(cx), cx).map_err(|remark| errors.add(remark));
        let (Ok(path), true) = (path, errors.is_empty()) else { return Err(errors) };
        let variables = self.environment.into_iter().map(|(name, value)| (name, value.value.0)).collect();
        let environment = match cx.dialect() {
            Dialect::DockerAuth => Environment::AddedToOurs(variables),
            Dialect::Native => Environment::Only(variables),
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let program = Program {
            path,
            args: self.args.into_iter().map(|argument| argument.value).collect(),
            environment,
            name: name.into(),
            link: cx.link().into(),
            children: Children::of(cx),
        };
        let limits =
            LimitsConfig { max_concurrent: self.max_concurrent, max_queue: self.max_queue }.or(LIMITS);
        let (program, timeout) = (Arc::new(program), self.timeout.map_or(TIMEOUT, |timeout| timeout.0));
        let way = match protocol {
            Protocol::Plain => Way::Plain,
            Protocol::Json => Way::Json,
            Protocol::Lines => {
                let number = self.workers.map_or(WORKERS, |workers| workers.value.0);
                Way::Lines(Workers::new(Arc::clone(&program), number, timeout, cx))
            }
        };
        Ok(Hook::new(program, way, Slots::kept(cx, question, limits), timeout))
    }

    /// The PATH of the program: what it says by `/usr/bin/env` is looked up there.
    fn directories(&self, cx: &BuildContext) -> OsString {
        let given = self.environment.get("PATH").map(|path| path.value.0.expose_secret().into());
        let ours = || if cx.dialect() == Dialect::DockerAuth { std::env::var_os("PATH") } else { None };
        given.or_else(ours).unwrap_or_else(|| WITHOUT_PATH.into())
    }
}
