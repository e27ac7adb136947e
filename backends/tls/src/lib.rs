//! TLS towards other servers: whom we believe, and how we show who we are.
