//! What the link to a feed of calendars has instead of credentials: [`FeedToken`].

use std::fmt;
use std::str::FromStr;

use orders_core::FeedTokenHash;
use ring::digest::{SHA256, digest};
use ring::error::Unspecified;
use ring::rand::{SecureRandom as _, SystemRandom};

/// How every token begins, so that people and secret scanners recognize it.
pub(crate) const PREFIX: &str = "ordf_";

/// How many random bytes follow, each as two hexadecimal digits.
const RANDOM: usize = 16;

/// A secret in the link to a feed: `ordf_`, and 128 random bits in hexadecimal. It cannot be displayed; [`FeedToken::expose`]
/// is for the one time that it is shown.
pub(crate) struct FeedToken(String);

/// A text is not a token. The error does not repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such feed")]
pub(crate) struct NotAToken;

impl FeedToken {
    /// A new token, from the random numbers of the system.
    ///
    /// # Errors
    /// If the system has none.
    pub(crate) fn generate() -> Result<Self, Unspecified> {
        let mut random = [0; RANDOM];
        SystemRandom::new().fill(&mut random)?;
        Ok(Self(format!("{PREFIX}{:032x}", u128::from_be_bytes(random))))
    }

    /// The SHA-256 of the token, under which its feed is found. No slow hash is needed, because nobody can try 2^128 tokens.
    pub(crate) fn hash(&self) -> FeedTokenHash {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, self.0.as_bytes()).as_ref());
        hash
    }

    /// The token itself.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for FeedToken {
    type Err = NotAToken;

    fn from_str(text: &str) -> Result<Self, NotAToken> {
        let digits = text.strip_prefix(PREFIX).ok_or(NotAToken)?;
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        match digits.len() == 2 * RANDOM && digits.bytes().all(is_digit) {
            true => Ok(Self(text.to_owned())),
            false => Err(NotAToken),
        }
    }
}

impl fmt::Debug for FeedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FeedToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_token_is_read_again_and_hashed_alike() {
        let token = FeedToken::generate().unwrap();
        assert_eq!(token.expose().len(), 37);
        let read: FeedToken = token.expose().parse().unwrap();
        assert_eq!(read.hash(), token.hash());
        assert_ne!(token.hash(), FeedToken::generate().unwrap().hash());
        assert_eq!(format!("{token:?}"), "FeedToken(..)");
    }

    #[test]
    fn anything_else_is_not_a_token() {
        let good = format!("{PREFIX}{}", "0a".repeat(16));
        assert!(good.parse::<FeedToken>().is_ok());
        for bad in
            ["", PREFIX, &good[1..], &good[..36], &format!("{good}0"), &good.replace('a', "A")]
        {
            assert_eq!(bad.parse::<FeedToken>().unwrap_err(), NotAToken, "{bad}");
        }
    }
}
