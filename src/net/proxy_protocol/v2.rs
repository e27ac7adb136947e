//! Version 2: binary (section 2.2).

use std::net::IpAddr;

use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::{BadHeader, Brought, START, crc32c};

pub(super) const SIGNATURE: [u8; START] = *b"\r\n\r\n\0\r\nQUIT\n";

/// What a header may have behind its first 16 bytes: addresses, and what the proxy tells of TLS or of its network. Proxies
/// keep it below 536 in all, or with a client's certificate in it somewhat above.
const LONGEST: u16 = 4096;

/// `PP2_TYPE_CRC32C`.
const CHECKSUM: u8 = 3;

/// Reads what follows the signature.
pub(super) async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> Result<Brought, BadHeader> {
    let mut head = [0; 4];
    stream.read_exact(&mut head).await?;
    let [command, family, high, low] = head;
    let length = u16::from_be_bytes([high, low]);
    if command >> 4 != 2 {
        return Err(BadHeader::Malformed("its version is none that is known"));
    }
    if length > LONGEST {
        return Err(BadHeader::TooLong);
    }
    let mut body = vec![0; usize::from(length)];
    stream.read_exact(&mut body).await?;
    match command & 0xf {
        // The proxy's own; whatever else it says is to be ignored.
        0 => Ok(Brought::Nobody),
        1 => parse(head, family, &body),
        _ => Err(BadHeader::Malformed("its command is none that is known")),
    }
}

fn parse(head: [u8; 4], family: u8, body: &[u8]) -> Result<Brought, BadHeader> {
    let short = BadHeader::Malformed("it is too short for its addresses");
    let (brought, further) = match family {
        0x00 => (Brought::Nobody, body),
        0x11 => {
            let (addresses, further) = body.split_first_chunk::<12>().ok_or(short)?;
            let [a, b, c, d, ..] = *addresses;
            (Brought::Client(IpAddr::from([a, b, c, d])), further)
        }
        0x21 => {
            let (addresses, further) = body.split_first_chunk::<36>().ok_or(short)?;
            let (source, _) = addresses.split_first_chunk::<16>().ok_or(BadHeader::TooLong)?;
            (Brought::Client(IpAddr::from(*source)), further)
        }
        // Who came to the proxy over a unix socket has no address.
        0x31 => (Brought::Nobody, body.split_first_chunk::<216>().ok_or(short)?.1),
        _ => return Err(BadHeader::Malformed("it is for something else than TCP")),
    };
    match checksum(further).map_err(BadHeader::Malformed)? {
        Some(written) if written != computed(head, body, further) => Err(BadHeader::Checksum),
        _ => Ok(brought),
    }
}

/// The checksum among what follows the addresses, if it is there. All else in it is skipped.
fn checksum(mut further: &[u8]) -> Result<Option<u32>, &'static str> {
    let mut found = None;
    while !further.is_empty() {
        let (kind, value, rest) = entry(further).ok_or("what follows the addresses is cut off")?;
        if kind == CHECKSUM {
            let value = value.try_into().map_err(|_| "a checksum has four bytes")?;
            if found.replace(u32::from_be_bytes(value)).is_some() {
                return Err("it has two checksums");
            }
        }
        further = rest;
    }
    Ok(found)
}

/// Type, value, and what follows.
fn entry(further: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[kind, high, low], rest) = further.split_first_chunk::<3>()?;
    let (value, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes([high, low])))?;
    Some((kind, value, rest))
}

/// Over the whole header, in which the checksum itself counts as zeros.
fn computed(head: [u8; 4], body: &[u8], further: &[u8]) -> u32 {
    let mut sum = crc32c::Sum::new();
    sum.add(&SIGNATURE);
    sum.add(&head);
    sum.add(body.get(..body.len() - further.len()).unwrap_or_default());
    let mut further = further;
    while let Some((kind, value, rest)) = entry(further) {
        sum.add(further.get(..3).unwrap_or_default());
        if kind == CHECKSUM {
            sum.add(&[0; 4]);
        } else {
            sum.add(value);
        }
        further = rest;
    }
    sum.end()
}
