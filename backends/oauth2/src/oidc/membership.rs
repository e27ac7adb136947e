//! What one provider knows beyond the standard.

use dockgate_api::{Call, Identity, async_trait};

use super::claims::Told;
use super::trouble::Trouble;

/// Who belongs to the site, and to which groups, by rules of a provider's own.
#[async_trait]
pub(crate) trait Membership: Send + Sync {
    /// Whether somebody may be here at all.
    ///
    /// # Errors
    /// Why not.
    fn admit(&self, told: &Told<'_>) -> Result<(), Trouble>;

    /// Somebody with all labels.
    ///
    /// # Errors
    /// If that cannot be found out.
    async fn complete(&self, cx: &Call, identity: Identity) -> Result<Identity, Trouble>;
}
