//! `crypto.` checksums, `base64.` and what of `uuid.` is not random.

use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};

use super::{RANDOM, add, convert, namespace};
use crate::Failure;
use crate::functions::{Call, Functions, Refusals, Type, refuse};
use crate::sprig::encode::{decode_base64, encode_base64};
use crate::value::{List, Value};

use Type::Any;

const SECRET: &str = "it takes a secret, which no template may hold";

pub(super) fn register(f: &mut Functions) {
    let m = &mut Functions::none();
    hash::<Sha1>(m, "SHA1", "SHA1Bytes");
    hash::<Sha224>(m, "SHA224", "SHA224Bytes");
    hash::<Sha256>(m, "SHA256", "SHA256Bytes");
    hash::<Sha384>(m, "SHA384", "SHA384Bytes");
    hash::<Sha512>(m, "SHA512", "SHA512Bytes");
    hash::<Sha512_224>(m, "SHA512_224", "SHA512_224Bytes");
    hash::<Sha512_256>(m, "SHA512_256", "SHA512_256Bytes");
    let refused: &Refusals = &[
        (RANDOM, "Bcrypt ECDSAGenerateKey Ed25519GenerateKey EncryptAES RSAEncrypt RSAGenerateKey"),
        (
            SECRET,
            "DecryptAES DecryptAESBytes ECDSADerivePublicKey Ed25519DerivePublicKey \
             Ed25519GenerateKeyFromSeed PBKDF2 RSADecrypt RSADecryptBytes RSADerivePublicKey WPAPSK",
        ),
    ];
    refuse(m, refused);
    f.add("crypto", namespace("*funcs.CryptoFuncs", m.clone()));

    let m = &mut Functions::none();
    add(m, &["Encode"], &[Any], |c| Ok(encode_base64(&bytes(c)?).into()));
    add(m, &["Decode"], &[Any], |c| {
        let decoded = decoded(c)?;
        String::from_utf8(decoded)
            .map(Value::from)
            .map_err(|_| "the decoded bytes are not UTF-8".into())
    });
    add(m, &["DecodeBytes"], &[Any], |c| Ok(List::bytes(&decoded(c)?).into()));
    f.add("base64", namespace("*funcs.Base64Funcs", m.clone()));

    let m = &mut Functions::none();
    add(m, &["Nil"], &[], |_| Ok("00000000-0000-0000-0000-000000000000".into()));
    add(m, &["IsValid"], &[Any], |c| {
        Ok(uuid(&convert::text(&c.value(0), c.meter)?).is_some().into())
    });
    add(m, &["Parse"], &[Any], |c| {
        let text = convert::text(&c.value(0), c.meter)?;
        uuid(&text).map(Value::from).ok_or_else(|| "invalid UUID format".into())
    });
    refuse(m, &[(RANDOM, "V1 V4")]);
    f.add("uuid", namespace("*funcs.UUIDFuncs", m.clone()));
}

fn hash<D: Digest>(m: &mut Functions, name: &str, bytes_name: &str) {
    add(m, &[name], &[Any], |c| Ok(hex::encode(D::digest(bytes(c)?)).into()));
    add(m, &[bytes_name], &[Any], |c| Ok(List::bytes(&D::digest(bytes(c)?)).into()));
}

/// A list of bytes as it is, nothing as nothing, anything else as its text.
fn bytes(c: &mut Call<'_>) -> Result<Vec<u8>, Failure> {
    match c.value(0) {
        Value::Absent | Value::Nil => Ok(Vec::new()),
        Value::List(list) if list.as_bytes().is_some() => Ok(list.as_bytes().unwrap_or_default()),
        other => Ok(convert::text(&other, c.meter)?.into_bytes()),
    }
}

/// Of the standard alphabet or of the one for URLs.
fn decoded(c: &mut Call<'_>) -> Result<Vec<u8>, Failure> {
    let text = convert::text(&c.value(0), c.meter)?;
    let url = || decode_base64(&text.replace('-', "+").replace('_', "/"));
    decode_base64(&text)
        .or_else(|error| if text.contains(['+', '/']) { Err(error) } else { url() })
        .map_err(|position| {
            Failure::Message(format!("illegal base64 data at input byte {position}"))
        })
}

/// In lower case with dashes; `urn:uuid:` before it, braces around it or no dashes are fine.
fn uuid(text: &str) -> Option<String> {
    let inner = match text.len() {
        45 => text.get(..9).filter(|p| p.eq_ignore_ascii_case("urn:uuid:")).and(text.get(9..))?,
        38 => text.get(1..37)?,
        36 | 32 => text,
        _ => return None,
    };
    let inner = inner.to_ascii_lowercase();
    let dashed = inner.len() == 36;
    if dashed && [8, 13, 18, 23].iter().any(|at| inner.as_bytes()[*at] != b'-') {
        return None;
    }
    let digits: String = if dashed { inner.replace('-', "") } else { inner };
    if digits.len() != 32 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let d = &digits;
    Some([&d[..8], &d[8..12], &d[12..16], &d[16..20], &d[20..]].join("-"))
}
