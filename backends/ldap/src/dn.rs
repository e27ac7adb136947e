//! Distinguished names (RFC 4514).
