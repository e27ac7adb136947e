//! Servers that the domain name system names (RFC 2782).
//!
//! Plain DNS is not to be trusted: whoever can answer for it can name any host. So the certificate of a server must be for
//! the record's target, and the target must lie below the domain that was asked about; a record that leads elsewhere is
//! not used, and the log says so. Where the configuration says `server_name`, certificates must be for that name, and a
//! target may be anywhere. Without TLS nothing protects against a wrong answer.

mod lookup;
mod order;
mod roster;

#[cfg(test)]
pub(super) use lookup::build;
pub(super) use roster::SrvRoster;

/// A record, as far as it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Record {
    priority: u16,
    weight: u16,
    /// In lower case, without the dot at the end; empty if the service is not there.
    target: String,
    port: u16,
}
