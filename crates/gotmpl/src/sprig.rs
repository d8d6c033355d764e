//! Sprig's functions (version 3.3), those that give the same for the same arguments.

use crate::functions::{Function, Functions};

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
    for (reason, names) in REFUSED {
        for name in *names {
            f.add(name, Function::refused(reason));
        }
    }
}
