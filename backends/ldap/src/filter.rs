//! Filters (RFC 4515), with places for what a client wrote.
