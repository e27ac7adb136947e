//! What an entry says of its account: disabled, locked, expired, and when its password changed.
