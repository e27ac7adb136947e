//! The checksum of RFC 3720, appendix B.4: of a few hundred bytes at most, so that a bit at a time is soon enough.

/// Castagnoli's polynomial, its bits reversed.
const POLYNOMIAL: u32 = 0x82f6_3b78;

/// A sum under way.
pub(super) struct Sum(u32);

impl Sum {
    pub(super) fn new() -> Self {
        Self(u32::MAX)
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 ^= u32::from(*byte);
            for _ in 0..8 {
                let carry = if self.0 & 1 == 1 { POLYNOMIAL } else { 0 };
                self.0 = (self.0 >> 1) ^ carry;
            }
        }
    }

    pub(super) fn end(self) -> u32 {
        !self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_standard() {
        let ascending: Vec<u8> = (0..32).collect();
        let cases: [(&[u8], u32); 4] = [
            (&[0; 32], 0x8a91_36aa),
            (&[0xff; 32], 0x62a8_ab43),
            (&ascending, 0x46dd_794e),
            (b"123456789", 0xe306_9283),
        ];
        for (bytes, sum) in cases {
            let mut found = Sum::new();
            let (one, two) = bytes.split_at(5);
            found.add(one);
            found.add(two);
            assert_eq!(found.end(), sum, "{bytes:?}");
        }
    }
}
