//! What the answer to a bind says of the account.
