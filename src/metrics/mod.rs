//! What the server counts, and how Prometheus reads it.
//!
//! Whoever counts resolves its handles once, when it is made, and counting is an atomic addition: nothing is looked up
//! by name while a request is answered. Labels hold what the configuration names (links, services, keys) and words of
//! ours, never what a client chose.

mod acme;
mod certificates;
mod connections;
mod gate;
mod links;
mod memory;
mod of_link;
mod process;
mod reloads;
mod requests;
mod text;

pub use acme::AcmeMeter;
pub use certificates::Certificates;
pub use connections::{Connections, OpenConnection, Unanswered};
pub use gate::{Checked, GateMeter};
pub(crate) use links::LinkMeter;
pub use memory::{MemoryMetrics, OfConfiguration};
pub(crate) use of_link::OfLink;
pub use reloads::{Reload, Reloads};
pub use requests::{Outcome, RequestMeter};
pub use text::CONTENT_TYPE;
