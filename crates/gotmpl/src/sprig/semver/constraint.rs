//! `>=1.2, <2 || ~3.1 || 1.2 - 1.4 || 4.x`.

use std::cmp::Ordering;
use std::sync::LazyLock;

use regex::Regex;

use super::{Version, compare_prereleases, group};
use crate::Failure;

const OPERATOR: &str = r"=||!=|>|<|>=|=>|<=|=<|~|~>|\^";
const PARTIAL: &str = r"v?([0-9|x|X|\*]+)(\.[0-9|x|X|\*]+)?(\.[0-9|x|X|\*]+)?(-([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?(\+([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?";

static ONE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(r"^[\t\n\f\r ]*({OPERATOR})[\t\n\f\r ]*({PARTIAL})[\t\n\f\r ]*$"))
});
static FIND: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r"({OPERATOR})[\t\n\f\r ]*({PARTIAL})")));
static RANGE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(r"[\t\n\f\r ]*({PARTIAL})[\t\n\f\r ]+-[\t\n\f\r ]+({PARTIAL})[\t\n\f\r ]*"))
});
static VALID: LazyLock<Regex> = LazyLock::new(|| {
    let one = format!(r"({OPERATOR})[\t\n\f\r ]*({PARTIAL})[\t\n\f\r ]*");
    pattern(&format!(r"^([\t\n\f\r ]*{one})((?:[\t\n\f\r ]+|,[\t\n\f\r ]*){one})*$"))
});

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern")
}

/// Alternatives, each a list of tests that must all hold.
pub(crate) struct Constraint(Vec<Vec<Test>>);

struct Test {
    operator: String,
    version: Version,
    /// Some part is missing or a wildcard: the minor and what follows, or the patch.
    open: bool,
    minor_open: bool,
    patch_open: bool,
}

impl Constraint {
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let mut plain = text.to_owned();
        for captures in RANGE.captures_iter(text) {
            let rewritten = format!(">= {}, <= {} ", &captures[1], &captures[11]);
            plain = plain.replacen(&captures[0], &rewritten, 1);
        }
        plain.split("||").map(Self::parse_alternative).collect::<Result<_, _>>().map(Self)
    }

    fn parse_alternative(text: &str) -> Result<Vec<Test>, Failure> {
        if !VALID.is_match(text) {
            return Err(format!("improper constraint: {text}").into());
        }
        FIND.find_iter(text).map(|found| Test::parse(found.as_str())).collect()
    }

    pub(crate) fn allows(&self, version: &Version) -> bool {
        self.0.iter().any(|tests| tests.iter().all(|test| test.allows(version)))
    }
}

impl Test {
    fn parse(text: &str) -> Result<Self, Failure> {
        let captures = ONE.captures(text).ok_or_else(|| format!("improper constraint: {text}"))?;
        let part = |i: usize| group(&captures, i);
        let is_open = |part: &str| matches!(part, "" | "x" | "X" | "*");
        let prerelease = part(6);
        let (spelled, minor_open, patch_open) = match (part(3), part(4), part(5)) {
            (major, _, _) if is_open(major) => (format!("0.0.0{prerelease}"), false, false),
            (major, minor, _) if is_open(minor) => {
                (format!("{major}.0.0{prerelease}"), true, false)
            }
            (major, minor, patch) if is_open(patch) => {
                (format!("{major}.{minor}.0{prerelease}"), false, true)
            }
            _ => (part(2).to_owned(), false, false),
        };
        let open = is_open(part(3)) || minor_open || patch_open;
        let version =
            Version::parse(&spelled).map_err(|_| Failure::from("constraint parser error"))?;
        Ok(Self { operator: part(1).to_owned(), version, open, minor_open, patch_open })
    }

    /// A prerelease satisfies only constraints that name one.
    fn allows(&self, v: &Version) -> bool {
        let unasked = !v.prerelease.is_empty() && self.version.prerelease.is_empty();
        let order = v.compare(&self.version);
        match self.operator.as_str() {
            "!=" if self.open => !unasked && self.differs(v),
            "!=" => order.is_ne(),
            _ if unasked => false,
            ">" => self.is_above(v, order),
            "<" => order.is_lt(),
            ">=" | "=>" => order.is_ge(),
            "<=" | "=<" => self.is_at_most(v, order),
            "~" | "~>" => self.is_near(v, order),
            "^" => self.is_compatible(v, order),
            _ if self.open => self.is_near(v, order),
            _ => order.is_eq(),
        }
    }

    fn differs(&self, v: &Version) -> bool {
        let c = &self.version;
        if c.major != v.major || c.minor != v.minor && !self.minor_open {
            return true;
        }
        if self.minor_open {
            return false;
        }
        if !self.patch_open {
            return c.patch != v.patch || v.compare(c).is_ne();
        }
        (!v.prerelease.is_empty() || !c.prerelease.is_empty())
            && compare_prereleases(&v.prerelease, &c.prerelease).is_ne()
    }

    fn is_above(&self, v: &Version, order: Ordering) -> bool {
        let c = &self.version;
        match v.major.cmp(&c.major) {
            _ if !self.open => order.is_gt(),
            Ordering::Equal if self.minor_open => false,
            Ordering::Equal if self.patch_open => v.minor > c.minor,
            Ordering::Equal => order.is_gt(),
            major => major.is_gt(),
        }
    }

    fn is_at_most(&self, v: &Version, order: Ordering) -> bool {
        let c = &self.version;
        if !self.open {
            return order.is_le();
        }
        v.major < c.major || v.major == c.major && (v.minor <= c.minor || self.minor_open)
    }

    fn is_near(&self, v: &Version, order: Ordering) -> bool {
        let c = &self.version;
        let anything =
            (c.major, c.minor, c.patch) == (0, 0, 0) && !self.minor_open && !self.patch_open;
        order.is_ge() && (anything || v.major == c.major && (v.minor == c.minor || self.minor_open))
    }

    fn is_compatible(&self, v: &Version, order: Ordering) -> bool {
        let c = &self.version;
        if order.is_lt() || v.major != c.major {
            return false;
        }
        if c.major > 0 || self.minor_open {
            return true;
        }
        if c.minor > 0 || self.patch_open {
            return v.minor == c.minor;
        }
        v.minor == 0 && v.patch == c.patch
    }
}
