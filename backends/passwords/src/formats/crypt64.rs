//! The base 64 of crypt(3): the lowest six bits come first. apr1 and sha-crypt write their digests in it.

const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// How many characters so many bytes take.
pub(super) const fn characters(bytes: usize) -> usize {
    (bytes * 8).div_ceil(6)
}

/// `N` bytes from text of just the length that they need; nothing may be left in the last character.
pub(super) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != characters(N) {
        return None;
    }
    let mut bytes = [0; N];
    let mut places = bytes.iter_mut();
    let (mut bits, mut held) = (0_u32, 0);
    for symbol in text.bytes() {
        let value = ALPHABET.iter().position(|known| *known == symbol)?;
        bits |= u32::try_from(value).ok()? << held;
        held += 6;
        if held >= 8 {
            let [byte, ..] = bits.to_le_bytes();
            *places.next()? = byte;
            bits >>= 8;
            held -= 8;
        }
    }
    (bits == 0).then_some(bytes)
}

pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(characters(bytes.len()));
    let (mut bits, mut held) = (0_u32, 0);
    let mut push = |bits: u32| {
        let [low, ..] = bits.to_le_bytes();
        text.extend(ALPHABET.get(usize::from(low & 63)).map(|symbol| char::from(*symbol)));
    };
    for byte in bytes {
        bits |= u32::from(*byte) << held;
        held += 8;
        while held >= 6 {
            push(bits);
            bits >>= 6;
            held -= 6;
        }
    }
    if held > 0 {
        push(bits);
    }
    text
}

/// The bytes in another order: the output's first is the input's at the order's first place.
pub(super) fn reordered<const N: usize>(bytes: &[u8; N], order: impl Iterator<Item = usize>) -> [u8; N] {
    let mut moved = [0; N];
    for (to, from) in moved.iter_mut().zip(order) {
        *to = bytes.get(from).copied().unwrap_or_default();
    }
    moved
}

/// Whether crypt(3) takes such a salt.
pub(super) fn is_salt(salt: &str, most: usize) -> bool {
    salt.len() <= most && salt.bytes().all(|byte| byte.is_ascii_graphic() && !b"$:".contains(&byte))
}
