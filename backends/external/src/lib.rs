//! Programs that decide: the keys `ext_auth` and `ext_authz`.
mod process;
