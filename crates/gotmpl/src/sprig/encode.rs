//! Base 64 and 32, and checksums.

use std::sync::LazyLock;

use data_encoding::{BASE32, BASE64, DecodeKind, Encoding, Specification};
use sha1::{Digest, Sha1};
use sha2::{Sha256, Sha512};

use super::{Outcome, add};
use crate::functions::{Functions, Type};

use Type::Str;

const SYMBOLS_64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const SYMBOLS_32: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static BASE64_DECODER: LazyLock<Encoding> = LazyLock::new(|| lenient(SYMBOLS_64));
static BASE32_DECODER: LazyLock<Encoding> = LazyLock::new(|| lenient(SYMBOLS_32));

/// Ignores line ends and bits that do not fill a byte, as Go does.
fn lenient(symbols: &str) -> Encoding {
    let mut specification = Specification::new();
    specification.symbols.push_str(symbols);
    specification.padding = Some('=');
    specification.check_trailing_bits = false;
    specification.ignore.push_str("\r\n");
    specification.encoding().expect("a constant specification")
}

pub(super) fn register(f: &mut Functions) {
    add(f, &["b64enc"], &[Str], |c| Ok(BASE64.encode(c.str(0)?.as_bytes()).into()));
    add(f, &["b32enc"], &[Str], |c| Ok(BASE32.encode(c.str(0)?.as_bytes()).into()));
    add(f, &["b64dec"], &[Str], |c| decoded(decode_base64(&c.str(0)?), "base64"));
    add(f, &["b32dec"], &[Str], |c| decoded(decode_base32(&c.str(0)?), "base32"));
    add(f, &["sha1sum"], &[Str], |c| Ok(hex::encode(Sha1::digest(c.str(0)?.as_bytes())).into()));
    add(
        f,
        &["sha256sum"],
        &[Str],
        |c| Ok(hex::encode(Sha256::digest(c.str(0)?.as_bytes())).into()),
    );
    add(
        f,
        &["sha512sum"],
        &[Str],
        |c| Ok(hex::encode(Sha512::digest(c.str(0)?.as_bytes())).into()),
    );
    add(f, &["adler32sum"], &[Str], |c| Ok(adler32(c.str(0)?.as_bytes()).to_string().into()));
}

pub(crate) fn encode_base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// The bytes, or where the mistake is. An end that comes too soon is as far before the last byte,
/// line ends included, as the last group has symbols: so Go counts.
pub(crate) fn decode_base64(text: &str) -> Result<Vec<u8>, usize> {
    BASE64_DECODER.decode(text.as_bytes()).map_err(|error| match error.kind {
        DecodeKind::Length => {
            let symbols = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).count();
            foreign(text, SYMBOLS_64).unwrap_or(text.len() - symbols % 4)
        }
        _ => error.position,
    })
}

/// The bytes, or where the mistake is in the text without its line ends: so Go counts here.
fn decode_base32(text: &str) -> Result<Vec<u8>, usize> {
    let text = text.replace(['\r', '\n'], "");
    BASE32_DECODER.decode(text.as_bytes()).map_err(|error| match error.kind {
        DecodeKind::Length => foreign(&text, SYMBOLS_32).unwrap_or(error.position),
        _ => error.position,
    })
}

/// The first byte that has no place in such a text: it is met before the end is.
fn foreign(text: &str, symbols: &str) -> Option<usize> {
    text.find(|c| !symbols.contains(c) && !matches!(c, '\r' | '\n' | '='))
}

/// As in Sprig, a mistake in the encoding is itself the result.
fn decoded(result: Result<Vec<u8>, usize>, name: &str) -> Outcome {
    match result {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Ok(text.into()),
            Err(_) => Err("the decoded bytes are not UTF-8".into()),
        },
        Err(position) => Ok(format!("illegal {name} data at input byte {position}").into()),
    }
}

fn adler32(bytes: &[u8]) -> u32 {
    const PRIME: u32 = 65_521;
    let (low, high) = bytes.iter().fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % PRIME;
        (low, (high + low) % PRIME)
    });
    high << 16 | low
}

#[cfg(test)]
mod tests;
