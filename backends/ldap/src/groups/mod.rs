//! Which groups somebody is in.
