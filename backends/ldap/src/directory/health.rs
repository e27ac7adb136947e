//! How the servers of a directory are doing.

use std::sync::Arc;

use dockgate_api::Health;

use super::Directory;
use super::fleet::Roster;
use super::server::Server;
use super::trouble::named;

impl Directory {
    /// [`Health::Degraded`] if some servers rest, or their records cannot be looked up any more; [`Health::Down`] if all
    /// rest, or refuse the service account.
    pub(crate) fn health(&self) -> Health {
        let servers = self.fleet.roster.known();
        let lookup = match &self.fleet.roster {
            Roster::Srv(roster) => roster.trouble(),
            Roster::Listed { .. } => None,
        };
        let of_server = |server: &Arc<Server>| {
            let resting = server.rest().resting().map(|why| named(&server.endpoint, &why));
            resting.or_else(|| server.service_refused())
        };
        let mut troubles: Vec<String> = servers.iter().filter_map(of_server).collect();
        let down = !troubles.is_empty() && troubles.len() == servers.len();
        let unknown = servers.is_empty() && lookup.is_some();
        troubles.extend(lookup);
        let text = troubles.join("; ");
        match (text.is_empty(), down || unknown) {
            (true, _) => Health::Up,
            (false, true) => Health::Down(text),
            (false, false) => Health::Degraded(text),
        }
    }
}
