//! What a running server does by itself under one configuration.

use std::sync::Arc;

use tokio::task::AbortHandle;

use crate::lockout;
use crate::state::{self, State};

/// Looks after the signing keys of a state, its bans and its store, until it is dropped.
pub(super) struct Keeper(AbortHandle);

impl Keeper {
    pub(super) fn of(state: &Arc<State>) -> Self {
        let state = Arc::clone(state);
        let lockout = state.access().lockout().cloned();
        let keeping = tokio::spawn(async move {
            let bans = async {
                match lockout {
                    Some(lockout) => lockout::keep(lockout).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                never = state::keep_keys(Arc::clone(&state)) => match never {},
                never = state::watch_store(state) => match never {},
                never = bans => match never {},
            }
        });
        Self(keeping.abort_handle())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}
