//! Web hooks that decide: real servers on loopback, asked by the real client.

mod bounds;
mod breaker;
mod conformance;
mod failures;
mod formats;
mod hook;
mod refused;
mod reload;
mod requests;
mod silence;

use std::sync::Arc;

use dockgate::Backends;
use dockgate::config::yaml;
use dockgate::logging::Log;
use dockgate::outbound;
use dockgate::outside::{MemoryMetrics, Outside, SystemRandom};
use dockgate_api::config::{Key, KeyPath, Location};
use dockgate_api::{Authenticator, Authorizer, BuildContext, Kept, Registry};
use dockgate_testkit::fakes::World;

/// Makes links out of sections, one configuration after another.
struct Bench {
    world: World,
    kept: Arc<Kept>,
    runtime: tokio::runtime::Runtime,
}

impl Bench {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        Self { world: World::new(), kept: Arc::default(), runtime: runtime.unwrap() }
    }

    fn context(&self) -> BuildContext {
        let metrics = Arc::new(MemoryMetrics::default());
        let outside = Outside {
            clock: self.world.clock.clone(),
            random: Arc::new(SystemRandom::default()),
            environment: Arc::new(|_| None),
            log: Log::new(self.world.clock.clone(), metrics.as_ref()),
            metrics,
        };
        let site = outbound::Site::new(Vec::new(), &outside);
        self.world.build_context().with_outbound(Arc::new(site)).with_kept(Arc::clone(&self.kept))
    }

    fn authn(&self, section: &str) -> Arc<dyn Authenticator> {
        self.build(Backends::builtin().authenticators(), "http_auth", section)
    }

    fn authz(&self, section: &str) -> Arc<dyn Authorizer> {
        self.build(Backends::builtin().authorizers(), "http_authz", section)
    }

    fn build<B: ?Sized>(&self, registry: &Registry<B>, key: &str, section: &str) -> Arc<B> {
        let node = yaml::parse("link.yml", section, &mut Vec::new()).unwrap();
        let key = Key { text: key.into(), location: Location::new("link.yml", 1, 1) };
        let _entered = self.runtime.enter();
        let built = registry.build(&key, &node, &KeyPath::root(), &self.context());
        built.unwrap_or_else(|problems| panic!("{problems:?}\n{section}"))
    }
}
