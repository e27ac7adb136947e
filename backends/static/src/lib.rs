//! Users and access rules that stand in the configuration file itself: the keys `users` and `acl`.

mod acl;
mod users;

pub use acl::AclConfig;
pub use users::UsersConfig;
