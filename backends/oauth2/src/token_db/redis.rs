//! `redis_token_db`.

use dockgate_api::config::{Located, Location};
use dockgate_api::{BuildContext, BuildError};
use dockgate_store::{RedisConfig, RedisSettings};
use schemars::JsonSchema;
use serde::Deserialize;

use super::go_redis::{GoCluster, GoRedis};
use super::{Unread, at, below};

/// The section `redis_token_db`.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct RedisTokenDb {
    /// One Redis, by the options of the Go client.
    redis_options: Option<Located<GoRedis>>,
    /// A Redis Cluster, by the options of the Go client; if both are given, this one counts.
    redis_cluster_options: Option<Located<GoCluster>>,
    /// Has no meaning here.
    #[schemars(with = "Option<i64>")]
    pub(super) token_hash_cost: Option<Located<Unread>>,
}

impl RedisTokenDb {
    /// How it is connected to; what is wrong goes to `errors`.
    pub(super) fn settings(
        self,
        section: &Location,
        cx: &BuildContext,
        errors: &mut BuildError,
    ) -> Option<RedisSettings> {
        let mut found = BuildError::none();
        let config = self.config(section, cx, &mut found);
        let is_sound = found.is_empty();
        *errors = std::mem::take(errors).and(found);
        let settings = config?.settings(cx);
        settings.map_err(|more| *errors = std::mem::take(errors).and(more)).ok().filter(|_| is_sound)
    }

    /// The same as a store's section.
    pub(super) fn config(
        self,
        section: &Location,
        cx: &BuildContext,
        errors: &mut BuildError,
    ) -> Option<RedisConfig> {
        let go = match (self.redis_options, self.redis_cluster_options) {
            (None, None) => {
                let message = "say where Redis is: `redis_options: {addr: \"HOST:PORT\"}`, or `redis_cluster_options: \
                     {addrs: [\"HOST:PORT\", …]}`";
                errors.add(at(section, "redis_token_db", message));
                return None;
            }
            (one, Some(cluster)) => {
                if let Some(one) = one {
                    let message = "`redis_cluster_options` stands there too and counts: take this away";
                    cx.warn(below(&one.location, "redis_token_db", "redis_options", message));
                }
                cluster.value.read(&cluster.location, cx, errors)
            }
            (Some(one), None) => one.value.read(&one.location, cx, errors),
        };
        Some(go.into())
    }
}
