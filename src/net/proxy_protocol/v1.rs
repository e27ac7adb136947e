//! Version 1: one line of text (section 2.1).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::{BadHeader, Brought, START};

pub(super) const BEGIN: &[u8] = b"PROXY ";

/// With the line's end.
const LONGEST: usize = 107;

/// Reads what follows the first bytes, one by one: how long the line is, only its end says.
pub(super) async fn read<S>(stream: &mut S, start: [u8; START]) -> Result<Brought, BadHeader>
where
    S: AsyncRead + Unpin,
{
    let mut line = Vec::with_capacity(LONGEST);
    line.extend_from_slice(&start);
    loop {
        if let Some(line) = line.strip_suffix(b"\r\n") {
            return parse(line).map_err(BadHeader::Malformed);
        }
        if line.len() == LONGEST {
            return Err(BadHeader::TooLong);
        }
        line.push(stream.read_u8().await?);
    }
}

/// A line without its end.
fn parse(line: &[u8]) -> Result<Brought, &'static str> {
    let line = std::str::from_utf8(line).map_err(|_| "it is no text")?;
    if line.contains(['\r', '\n']) {
        return Err("it is more than one line");
    }
    let mut words = line.split(' ').skip(1);
    let mut next = || words.next().ok_or("something is missing in the line");
    let family = next()?;
    if family == "UNKNOWN" {
        // Whatever follows is to be ignored.
        return Ok(Brought::Nobody);
    }
    let [source, destination, source_port, destination_port] = [next()?, next()?, next()?, next()?];
    if words.next().is_some() {
        return Err("there is too much in the line");
    }
    if !is_port(source_port) || !is_port(destination_port) {
        return Err("a port is none");
    }
    let source = match family {
        "TCP4" => source.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        "TCP6" => source.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        _ => return Err("it is for neither TCP4 nor TCP6"),
    };
    let source = source.ok_or("the client's address is none of its family")?;
    // Of either family: nginx 1.22 behind another proxy writes its own IPv4 address beside a client's IPv6 address.
    destination.parse::<IpAddr>().map_err(|_| "the proxy's address is none")?;
    Ok(Brought::Client(source))
}

fn is_port(text: &str) -> bool {
    let is_plain = text == "0" || !text.starts_with('0');
    is_plain && text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}
