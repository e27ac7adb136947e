//! The gate for a registry behind a proxy: `{prefix}/forward-auth`.

mod attacks;
mod basic;
mod bearer;
mod both;
mod credentials;
mod doors;
mod gate;
mod identity;
mod lockout;
mod presets;
mod records;
