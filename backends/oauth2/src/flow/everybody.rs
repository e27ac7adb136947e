//! At a provider where an account costs nothing, it says nothing of who somebody is.

use dockgate_api::config::{KeyPath, Located, Location, Remark};
use dockgate_api::{BuildContext, BuildError, Dialect};

/// Wants to be told whose members may sign in, or that everybody may. docker_auth's form goes without, and hears of it.
pub(crate) fn demand_organization(
    title: &str,
    is_given: bool,
    everybody: Option<Located<bool>>,
    section: &Location,
    cx: &BuildContext,
    errors: &mut BuildError,
) {
    let root = KeyPath::root();
    match (is_given, everybody) {
        (true, Some(Located { value: true, location, .. })) => {
            let message = "only members may sign in: take this away, or the organizations";
            errors.add(Remark::new(location, root.key("allow_everybody"), message));
        }
        (true, _) | (false, Some(Located { value: true, .. })) => {}
        (false, _) => {
            let message = format!(
                "without an organization everybody with an account at {title} can sign in: write `organization`, or \
                 `allow_everybody: true` where `authz` says what such people may do"
            );
            let remark = Remark::new(section.clone(), root.key("organization"), message);
            if cx.dialect() == Dialect::Native { errors.add(remark) } else { cx.warn(remark) }
        }
    }
}
