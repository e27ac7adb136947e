//! `dockgate hash`.

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(in crate::cli) struct HashOptions {
    /// The kind of hash.
    #[arg(long, value_enum, default_value_t = HashFormat::Bcrypt, value_name = "FORMAT")]
    format: HashFormat,
    /// How expensive a bcrypt hash is: each step doubles the work of checking and of guessing it (4 to 14; 10 if not
    /// given).
    #[arg(long, value_name = "COST", value_parser = cost())]
    cost: Option<u32>,
}

/// What to make.
pub(in crate::cli) enum HashKind {
    Bcrypt { cost: u32 },
    Argon2id,
}

impl HashOptions {
    /// What to make.
    ///
    /// # Errors
    /// If a cost is asked of a kind that has none.
    pub(in crate::cli) fn kind(&self) -> Result<HashKind, &'static str> {
        match (self.format, self.cost) {
            (HashFormat::Bcrypt, cost) => {
                Ok(HashKind::Bcrypt { cost: cost.unwrap_or(dockgate_passwords::DEFAULT_COST) })
            }
            (HashFormat::Argon2id, None) => Ok(HashKind::Argon2id),
            (HashFormat::Argon2id, Some(_)) => {
                Err("`--cost` is about bcrypt: leave it away, argon2id hashes have one size here")
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum HashFormat {
    /// Every program reads it; takes passwords up to 72 bytes.
    Bcrypt,
    /// Harder to guess with special hardware; each login that is not remembered takes 19 MiB for its moment.
    Argon2id,
}

fn cost() -> clap::builder::RangedI64ValueParser<u32> {
    let (least, most) = (dockgate_passwords::LOWEST_COST, dockgate_passwords::MOST_COST);
    clap::value_parser!(u32).range(i64::from(least)..=i64::from(most))
}
