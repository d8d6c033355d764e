//! Sprig's functions (version 3.3), those that give the same for the same arguments.

use crate::functions::{Functions, Outcome, Refusals, add, add_with_rest, refuse};

pub(crate) mod cases;
mod cast;
mod dates;
mod decimal;
pub(crate) mod dicts;
pub(crate) mod encode;
mod json;
mod lists;
mod math;
mod merge;
pub(crate) mod paths;
pub(crate) mod patterns;
pub(crate) mod reflect;
pub(crate) mod semver;
pub(crate) mod strings;
pub(crate) mod url;
pub(crate) mod wrap;

/// Sprig's other functions, and why a template may not call them.
const REFUSED: &Refusals = &[
    ("it reads the environment", "env expandenv"),
    ("it asks the network", "getHostByName"),
    ("it reads the clock", "ago now"),
    (
        "it is random",
        "bcrypt encryptAES genCA genCAWithKey genPrivateKey genSelfSignedCert \
         genSelfSignedCertWithKey genSignedCert genSignedCertWithKey htpasswd randAlpha \
         randAlphaNum randAscii randBytes randInt randNumeric shuffle uuidv4",
    ),
    ("it takes a secret, which no template may hold", "buildCustomCert decryptAES derivePassword"),
];

pub(crate) fn register(f: &mut Functions) {
    strings::register(f);
    cases::register(f);
    wrap::register(f);
    lists::register(f);
    dicts::register(f);
    merge::register(f);
    math::register(f);
    reflect::register(f);
    encode::register(f);
    json::register(f);
    patterns::register(f);
    paths::register(f);
    semver::register(f);
    url::register(f);
    dates::register(f);
    refuse(f, REFUSED);
}
