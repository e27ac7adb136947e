//! Who listens (proc(5), `/proc/net/tcp` and `tcp6`).

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

const LISTENING: &str = "0A";

/// The inodes of the sockets that take connections to an address: those bound to it, else those bound to all.
pub(super) fn sockets<'a>(tables: impl Iterator<Item = &'a str>, address: SocketAddr) -> HashSet<u64> {
    let rows: Vec<(SocketAddr, u64)> =
        tables.flat_map(str::lines).filter_map(row).filter(|(at, _)| at.port() == address.port()).collect();
    let inodes = |fits: &dyn Fn(IpAddr) -> bool| -> HashSet<u64> {
        rows.iter().filter(|(at, _)| fits(at.ip())).map(|(_, inode)| *inode).collect()
    };
    let exact = inodes(&|ip| ip.to_canonical() == address.ip().to_canonical());
    if exact.is_empty() { inodes(&|ip| ip.is_unspecified()) } else { exact }
}

fn row(line: &str) -> Option<(SocketAddr, u64)> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    if *fields.get(3)? != LISTENING {
        return None;
    }
    let (ip, port) = fields.get(1)?.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    Some((SocketAddr::new(self::ip(ip)?, port), fields.get(9)?.parse().ok()?))
}

/// Words of 32 bits, each as a number of this machine.
fn ip(hex: &str) -> Option<IpAddr> {
    let word = |at: usize| Some(u32::from_str_radix(hex.get(at..at + 8)?, 16).ok()?.to_ne_bytes());
    match hex.len() {
        8 => Some(Ipv4Addr::from(word(0)?).into()),
        32 => {
            let words = [word(0)?, word(8)?, word(16)?, word(24)?];
            Some(Ipv6Addr::from(<[u8; 16]>::try_from(words.as_flattened()).ok()?).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::sockets;

    const HEAD: &str =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
    const TCP: &str = "\
   0: 0100007F:1389 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0 100 0 0 10 0
   1: 00000000:1389 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 222 1 0 100 0 0 10 0
   2: 0100007F:1389 0100007F:A000 01 00000000:00000000 00:00000000 00000000     0        0 333 1 0 100 0 0 10 0
   3: 0100007F:138A 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 444 1 0 100 0 0 10 0";
    const TCP6: &str = "\
   0: 00000000000000000000000000000000:138B 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 555 1
   1: 00000000000000000000000001000000:1389 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 666 1";

    fn found(address: &str) -> Vec<u64> {
        let mut found: Vec<u64> =
            sockets([HEAD, TCP, TCP6].into_iter(), address.parse().unwrap()).into_iter().collect();
        found.sort_unstable();
        found
    }

    // The words are written as a machine with the lowest byte first has them.
    #[cfg(target_endian = "little")]
    #[test]
    fn the_nearest_listener_takes_the_connection() {
        assert_eq!(found("127.0.0.1:5001"), [111]);
        assert_eq!(found("127.0.0.2:5001"), [222]);
        assert_eq!(found("127.0.0.1:5002"), [444]);
        assert_eq!(found("127.0.0.1:5003"), [555], "Go listens on IPv6 for both");
        assert_eq!(found("[::1]:5001"), [666]);
        assert!(found("127.0.0.1:5004").is_empty());
    }
}
