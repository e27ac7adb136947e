//! Directories that say who somebody is: `ldap_auth`, for OpenLDAP, Active Directory and their like.
//!
//! A login is a search and a bind: the service account finds the one entry that the account names, and the password is
//! the directory's own to judge. What the entry and its groups say becomes labels. Words are those of RFC 4511 to 4519.

mod account;
#[cfg(test)]
mod attacks;
mod authenticator;
mod concealed;
mod config;
mod directory;
mod dn;
mod entry;
mod failure;
mod filter;
mod groups;
mod labels;
mod notes;
mod outcome;
mod person;
mod standing;
mod subject;
mod users;
mod wire;

pub use config::LdapAuthConfig;
