use std::io;
use std::net::SocketAddr;

/// Why there are no figures. No text holds a password.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    /// The command line asks for what cannot be.
    #[error("{0}")]
    Usage(String),
    #[error("{place}: {source} -- start the server first, or correct --url")]
    Connect { place: SocketAddr, source: io::Error },
    #[error("process {pid} of the server has ended: look into its log")]
    ServerEnded { pid: u32 },
    #[error("cannot start: {0}")]
    Start(io::Error),
    #[error("the flood of wrong passwords broke off: {0}")]
    Flood(String),
    #[error("cannot write the report: {0}")]
    Output(io::Error),
}

impl LoadError {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    pub(crate) fn is_usage(&self) -> bool {
        matches!(self, Self::Usage(_))
    }
}
