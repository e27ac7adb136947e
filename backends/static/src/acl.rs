//! `acl`: an access control list in the configuration file.

use std::sync::Arc;

use dockgate_api::config::{KeyPath, Located, Location, Problem};
use dockgate_api::{
    AccessRequest, Answer, Authorizer, BuildContext, BuildError, Call, Configure, Dialect, Granted, async_trait,
};
use dockgate_rules::{Acl, DoubleStar, Remark, Rule, RuleConfig};
use schemars::JsonSchema;
use serde::Deserialize;

/// The `acl` section: rules in the order in which they are tried.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct AclConfig {
    rules: Vec<Located<RuleConfig>>,
}

impl Configure<dyn Authorizer> for AclConfig {
    fn build(self, cx: &BuildContext) -> Result<Arc<dyn Authorizer>, BuildError> {
        let double_star = match cx.dialect() {
            Dialect::DockerAuth => DoubleStar::PlainStar,
            Dialect::Native => DoubleStar::CrossesSlash,
        };
        let mut errors = BuildError::none();
        let mut rules = Vec::with_capacity(self.rules.len());
        for (index, config) in self.rules.into_iter().enumerate() {
            let Located { location, value } = config;
            let mut warnings = never_granted(&value, &location);
            let place = format!("{}:{}", location.file, location.line);
            match Rule::compile(value, place, double_star, &mut warnings) {
                Ok(rule) => rules.push(rule),
                Err(remarks) => {
                    for remark in remarks {
                        let place = remark.location.unwrap_or_else(|| location.clone());
                        errors.add(Some(place), format!("[{index}].{}", remark.key), remark.message);
                    }
                }
            }
            for warning in warnings {
                let path = KeyPath::root().key(cx.link()).item(index).join(&warning.key);
                let place = warning.location.unwrap_or_else(|| location.clone());
                cx.warn(Problem::new(place, path, warning.message));
            }
        }
        if errors.is_empty() { Ok(Arc::new(StaticAcl(Acl::new(rules)))) } else { Err(errors) }
    }
}

/// Grants that no registry can use: it asks for `pull` with every push, and for `*` on the catalog.
fn never_granted(rule: &RuleConfig, location: &Location) -> Vec<Remark> {
    let has = |action: &str| rule.actions.iter().any(|given| given == action);
    let kind = rule.conditions.kind.as_ref().map(|kind| kind.value.as_str());
    let mut remarks = Vec::new();
    let mut say = |message: &str| {
        remarks.push(Remark {
            location: Some(location.clone()),
            key: "actions".to_owned(),
            message: message.to_owned(),
        });
    };
    if has("push") && !has("pull") && !has("*") && kind != Some("registry") {
        say("a registry asks for `pull` along with `push`: a push under this rule alone fails; add `pull`");
    }
    if kind == Some("registry") && !has("*") && !rule.actions.is_empty() {
        say("a registry asks for `*` on its catalog: nothing less helps; write `[\"*\"]`");
    }
    if has("*") && rule.actions.len() > 1 {
        say("`*` beside other actions does not mean all of them: write `[\"*\"]` for that");
    }
    remarks
}

struct StaticAcl(Acl);

#[async_trait]
impl Authorizer for StaticAcl {
    async fn authorize(&self, cx: &Call, request: &AccessRequest<'_>) -> Answer<Granted> {
        self.0.decide(cx, request)
    }
}
