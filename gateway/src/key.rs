//! The gateway's own keys, with which clients authenticate.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::config::Secret;

/// The beginning of every key, by which people and scanners for secrets recognize it.
const PREFIX: &str = "msg-";

/// The beginning of every hash in a configuration.
const HASH_PREFIX: &str = "sha256:";

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The number of characters after the prefix: 43 characters of 62 have 256 bits.
const LENGTH: usize = 43;

/// Creates a random key, such as `msg-` and 43 letters and digits.
///
/// # Errors
///
/// Returns an error if the operating system has no random bytes.
pub fn generate() -> Result<Secret, getrandom::Error> {
    let mut key = PREFIX.to_owned();
    while key.len() < PREFIX.len() + LENGTH {
        let mut bytes = [0; 64];
        getrandom::fill(&mut bytes)?;
        // The remainder of a larger byte would be a small number more often than a large one.
        let evenly = bytes.iter().filter(|byte| **byte < 4 * 62);
        let letters = evenly.map(|byte| char::from(ALPHABET[usize::from(byte % 62)]));
        key.extend(letters.take(PREFIX.len() + LENGTH - key.len()));
    }
    Ok(Secret::new(key))
}

/// Returns the SHA-256 hash of a key.
///
/// A slow hash is not needed, because a random key of 256 bits cannot be guessed.
#[must_use]
pub fn hash(key: &[u8]) -> [u8; 32] {
    Sha256::digest(key).into()
}

/// Returns a hash as it is written in a configuration: `sha256:` and 64 hexadecimal digits.
#[must_use]
pub fn format_hash(hash: &[u8; 32]) -> String {
    let mut text = HASH_PREFIX.to_owned();
    for byte in hash {
        _ = write!(text, "{byte:02x}");
    }
    text
}

/// Parses what [`format_hash`] returns, or returns `None`.
#[must_use]
pub fn parse_hash(text: &str) -> Option<[u8; 32]> {
    let digits = text.strip_prefix(HASH_PREFIX)?.as_bytes();
    let mut hash = [0; 32];
    if digits.len() != 2 * hash.len() {
        return None;
    }
    for (byte, digits) in hash.iter_mut().zip(digits.chunks(2)) {
        for digit in digits {
            let digit = char::from(*digit).to_digit(16)?;
            *byte = (*byte << 4) | u8::try_from(digit).ok()?;
        }
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_random() {
        let keys = [(); 100].map(|()| generate().unwrap());
        for (index, key) in keys.iter().enumerate() {
            let letters = key.expose().strip_prefix(PREFIX).unwrap();
            assert_eq!(letters.len(), LENGTH);
            assert!(
                letters.bytes().all(|byte| ALPHABET.contains(&byte)),
                "{letters}"
            );
            assert!(!keys[..index].contains(key), "{letters}");
        }
        // Of 4,300 characters, each of the 62 is there.
        let all: String = keys.iter().map(Secret::expose).collect();
        assert!(ALPHABET.iter().all(|byte| all.contains(char::from(*byte))));
    }

    #[test]
    fn hashes_are_those_of_sha_256() {
        // From FIPS 180-4's example "abc".
        let text = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(format_hash(&hash(b"abc")), text);
        assert_eq!(parse_hash(text), Some(hash(b"abc")));
        assert_eq!(
            parse_hash(&text.to_uppercase().replace("SHA", "sha")),
            Some(hash(b"abc"))
        );
    }

    #[test]
    fn other_texts_are_not_hashes() {
        let digits = "0".repeat(64);
        for text in [
            "",
            "sha256:",
            &digits,
            &format!("sha256:{digits}0"),
            &format!("md5:{digits}"),
        ] {
            assert_eq!(parse_hash(text), None, "{text}");
        }
        assert_eq!(
            parse_hash(&format!("sha256:{}", digits.replacen('0', "g", 1))),
            None
        );
        assert_eq!(parse_hash(&format!("sha256:{}é", &digits[2..])), None);
    }
}
