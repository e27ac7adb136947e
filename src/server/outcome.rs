//! What came of a reload.

use std::sync::Arc;

use dockgate_api::config::Problem;

/// What came of a reload.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Another configuration answers now.
    Swapped {
        /// Its hash.
        config: Arc<str>,
        /// What its administrator should know.
        warnings: Vec<Problem>,
    },
    /// The one from before goes on.
    Refused {
        /// The hash of the one that goes on.
        config: Arc<str>,
        /// Why.
        problems: Vec<Problem>,
    },
}
