//! Sprig's functions (version 3.3), those that give the same for the same arguments.

use crate::Failure;
use crate::functions::{Call, Function, Functions, Type};
use crate::value::Value;

mod cases;
mod cast;
mod decimal;
mod dicts;
mod duration;
mod encode;
mod json;
mod lists;
mod math;
mod merge;
mod paths;
mod patterns;
mod reflect;
mod semver;
mod strings;
mod url;
mod wrap;

/// Sprig's other functions, and why a template may not call them.
const REFUSED: &[(&str, &[&str])] = &[
    ("it reads the environment", &["env", "expandenv"]),
    ("it asks the network", &["getHostByName"]),
    (
        "it depends on the clock or the local time zone",
        &[
            "ago",
            "date",
            "dateInZone",
            "dateModify",
            "date_in_zone",
            "date_modify",
            "htmlDate",
            "htmlDateInZone",
            "mustDateModify",
            "mustToDate",
            "must_date_modify",
            "now",
            "toDate",
            "unixEpoch",
        ],
    ),
    (
        "it is random",
        &[
            "bcrypt",
            "buildCustomCert",
            "encryptAES",
            "genCA",
            "genCAWithKey",
            "genPrivateKey",
            "genSelfSignedCert",
            "genSelfSignedCertWithKey",
            "genSignedCert",
            "genSignedCertWithKey",
            "htpasswd",
            "randAlpha",
            "randAlphaNum",
            "randAscii",
            "randBytes",
            "randInt",
            "randNumeric",
            "shuffle",
            "uuidv4",
        ],
    ),
    ("it handles secrets, which templates should not hold", &["decryptAES", "derivePassword"]),
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
    duration::register(f);
    for (reason, names) in REFUSED {
        for name in *names {
            f.add(name, Function::refused(reason));
        }
    }
}

type Outcome = Result<Value, Failure>;

/// Adds a function under each of its names.
fn add(
    f: &mut Functions,
    names: &[&str],
    fixed: &[Type],
    body: impl Fn(&mut Call<'_>) -> Outcome + Send + Sync + 'static,
) {
    let function = Function::new(fixed, body);
    for name in names {
        f.add(name, function.clone());
    }
}

/// Adds a function with any number of further arguments under each of its names.
fn add_with_rest(
    f: &mut Functions,
    names: &[&str],
    fixed: &[Type],
    rest: Type,
    body: impl Fn(&mut Call<'_>) -> Outcome + Send + Sync + 'static,
) {
    let function = Function::new(fixed, body).with_rest(rest);
    for name in names {
        f.add(name, function.clone());
    }
}
