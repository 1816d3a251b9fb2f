//! API keys: [`ApiKey`].

use std::fmt;
use std::str::FromStr;

use orders_db::KeyHash;
use ring::digest::{SHA256, digest};
use ring::error::Unspecified;
use ring::rand::{SecureRandom as _, SystemRandom};

/// How every key begins, so that people and secret scanners recognize it.
pub(crate) const PREFIX: &str = "ordk_";

/// How many random characters a key has: 178 bits.
const RANDOM: usize = 30;

/// How many characters of a checksum follow, so that a mistyped key is noticed without the list of keys.
const CHECKSUM: usize = 6;

/// How many of the last characters name a key in lists.
const ENDS: usize = 4;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A secret that identifies a client: `ordk_`, 30 random characters, and 6 of their CRC-32, all of them letters and
/// digits. It cannot be displayed; [`ApiKey::expose`] is for the one time that it is shown to its owner.
pub(crate) struct ApiKey(String);

/// A text is not a key. The error does not repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "that is not an API key: a key is {PREFIX} and 36 letters and digits, the last of which are a checksum"
)]
pub(crate) struct InvalidKey;

impl ApiKey {
    /// A new key, from the random numbers of the system.
    ///
    /// # Errors
    /// If the system has none.
    pub(crate) fn generate() -> Result<Self, Unspecified> {
        let random = SystemRandom::new();
        let mut text = String::with_capacity(PREFIX.len() + RANDOM + CHECKSUM);
        text.push_str(PREFIX);
        while text.len() < PREFIX.len() + RANDOM {
            let mut byte = [0];
            random.fill(&mut byte)?;
            // The largest multiple of 62 in a byte: without the rest, all characters are equally likely.
            if byte[0] < 248 {
                text.push(digit(byte[0].into()));
            }
        }
        let checksum = checksum(&text);
        text.push_str(&checksum);
        Ok(Self(text))
    }

    /// The SHA-256 of the whole key, under which it is stored. No slow hash is needed, because nobody can try 2^178
    /// keys.
    pub(crate) fn hash(&self) -> KeyHash {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, self.0.as_bytes()).as_ref());
        hash
    }

    /// The last characters, by which its owner recognizes it.
    pub(crate) fn ends(&self) -> &str {
        &self.0[self.0.len() - ENDS..]
    }

    /// The key itself.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for ApiKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let characters = text.strip_prefix(PREFIX).ok_or(InvalidKey)?;
        let is_plain = characters.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_plain || characters.len() != RANDOM + CHECKSUM {
            return Err(InvalidKey);
        }
        let (random, given) = text.split_at(PREFIX.len() + RANDOM);
        if checksum(random) == given { Ok(Self(text.to_owned())) } else { Err(InvalidKey) }
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(..)")
    }
}

/// The CRC-32 of the text, as 6 characters.
fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut characters = ['0'; CHECKSUM];
    for character in characters.iter_mut().rev() {
        *character = digit(rest % 62);
        rest /= 62;
    }
    characters.iter().collect()
}

/// The character for a number, of which only the remainder by 62 counts.
fn digit(number: u32) -> char {
    char::from(DIGITS[number as usize % DIGITS.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Not a key of anybody.
    const EXAMPLE: &str = "ordk_000000000000000000000000000000";

    #[test]
    fn a_new_key_is_read_again_and_hashed_alike() {
        let key = ApiKey::generate().unwrap();
        assert_eq!(key.expose().len(), 41);
        let read: ApiKey = key.expose().parse().unwrap();
        assert_eq!(read.hash(), key.hash());
        assert!(key.expose().ends_with(key.ends()));
        assert_ne!(key.hash(), ApiKey::generate().unwrap().hash());
    }

    #[test]
    fn a_mistyped_key_is_rejected() {
        let good = format!("{EXAMPLE}{}", checksum(EXAMPLE));
        assert!(good.parse::<ApiKey>().is_ok());
        for index in 0..good.len() {
            let mut bytes = good.clone().into_bytes();
            bytes[index] = if bytes[index] == b'x' { b'y' } else { b'x' };
            let mistyped = String::from_utf8(bytes).unwrap();
            assert_eq!(mistyped.parse::<ApiKey>().unwrap_err(), InvalidKey, "{mistyped}");
        }
        for bad in ["", "ordk_", &good[..40], &format!("{good}0"), &good.replace('k', "é")] {
            assert!(bad.parse::<ApiKey>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_checksum_is_that_of_other_programs() {
        // Python's `binascii.crc32(b'ordk_' + b'0' * 30)` is 3299769363.
        assert_eq!(checksum(EXAMPLE), "3bJUkV");
    }

    #[test]
    fn a_key_is_not_shown() {
        let key = ApiKey::generate().unwrap();
        assert_eq!(format!("{key:?}"), "ApiKey(..)");
    }
}
