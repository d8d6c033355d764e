//! Semantic versions, and the constraints Sprig's `semverCompare` understands.

use std::cmp::Ordering;
use std::sync::{Arc, LazyLock};

use regex::{Captures, Regex};

use super::add;
use crate::Failure;
use crate::functions::{Call, Function, Functions, Type};
use crate::value::{Object, Value};

mod constraint;

pub(crate) use constraint::Constraint;

static VERSION: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"^v?([0-9]+)(\.[0-9]+)?(\.[0-9]+)?(-([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?(\+([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?$";
    Regex::new(pattern).expect("a constant pattern")
});

pub(crate) fn register(f: &mut Functions) {
    add(f, &["semver"], &[Type::Str], |c| Ok(Value::object(Version::parse(&c.str(0)?)?)));
    add(f, &["semverCompare"], &[Type::Str, Type::Str], |c: &mut Call<'_>| {
        c.meter.spend(c.str(0)?.len())?;
        let constraint = Constraint::parse(&c.str(0)?)?;
        Ok(constraint.allows(&Version::parse(&c.str(1)?)?).into())
    });
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Version {
    major: u64,
    minor: u64,
    patch: u64,
    prerelease: String,
    metadata: String,
    original: String,
}

/// Group `i` without its leading dot.
fn group<'c>(captures: &'c Captures<'_>, i: usize) -> &'c str {
    captures.get(i).map_or("", |found| found.as_str().trim_start_matches('.'))
}

impl Version {
    /// `1`, `1.2` or `v1.2.3-pre.1+meta`.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let captures = VERSION.captures(text).ok_or("Invalid Semantic Version")?;
        let number = |i: usize| match group(&captures, i) {
            "" => Ok(0),
            digits => digits.parse::<u64>().map_err(|_| {
                let reason = format!("strconv.ParseUint: parsing {digits:?}: value out of range");
                Failure::Message(format!("Error parsing version segment: {reason}"))
            }),
        };
        let version = Self {
            major: number(1)?,
            minor: number(2)?,
            patch: number(3)?,
            prerelease: group(&captures, 5).to_owned(),
            metadata: group(&captures, 8).to_owned(),
            original: text.to_owned(),
        };
        let padded = |part: &str| {
            part.len() > 1 && part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit())
        };
        if version.prerelease.split('.').any(padded) {
            return Err("Version segment starts with 0".into());
        }
        Ok(version)
    }

    /// Precedence; metadata does not count.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let numbers = |v: &Self| (v.major, v.minor, v.patch);
        numbers(self).cmp(&numbers(other)).then_with(|| {
            match (self.prerelease.is_empty(), other.prerelease.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => compare_prereleases(&self.prerelease, &other.prerelease),
            }
        })
    }

    /// The next version with `change` made, without prerelease and metadata.
    fn next(&self, change: fn(&mut Self)) -> Self {
        let mut next = self.clone();
        next.metadata.clear();
        change(&mut next);
        next.prerelease.clear();
        next.renamed()
    }

    fn renamed(mut self) -> Self {
        let prefix = if self.original.starts_with('v') { "v" } else { "" };
        self.original = format!("{prefix}{}", self.text());
        self
    }
}

fn compare_prereleases(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let (a, b) = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(a), Some(b)) => (a, b),
        };
        let order = match (a.parse::<u64>(), b.parse::<u64>()) {
            (Ok(a), Ok(b)) => a.cmp(&b),
            (Ok(_), Err(_)) => Ordering::Less,
            (Err(_), Ok(_)) => Ordering::Greater,
            (Err(_), Err(_)) => a.cmp(b),
        };
        if order.is_ne() {
            return order;
        }
    }
}

impl Object for Version {
    fn type_name(&self) -> &str {
        "*semver.Version"
    }

    fn method(&self, name: &str) -> Option<Function> {
        let constant = |value: Value| Function::new(&[], move |_| Ok(value.clone()));
        let version = Arc::new(self.clone());
        let against = |test: fn(Ordering) -> Value| {
            Function::new(&[Type::Any], move |c| match other_version(c) {
                Some(other) => Ok(test(version.compare(&other))),
                None => Err("the argument is no version".into()),
            })
        };
        Some(match name {
            "Major" => constant(Value::Uint64(self.major)),
            "Minor" => constant(Value::Uint64(self.minor)),
            "Patch" => constant(Value::Uint64(self.patch)),
            "Prerelease" => constant(self.prerelease.as_str().into()),
            "Metadata" => constant(self.metadata.as_str().into()),
            "Original" => constant(self.original.as_str().into()),
            "String" => constant(self.text().into()),
            "IncMajor" => constant(Value::object(self.next(|v| {
                (v.major, v.minor, v.patch) = (v.major + 1, 0, 0);
            }))),
            "IncMinor" => constant(Value::object(self.next(|v| {
                (v.minor, v.patch) = (v.minor + 1, 0);
            }))),
            "IncPatch" => constant(Value::object(self.next(|v| {
                v.patch += u64::from(v.prerelease.is_empty());
            }))),
            "Compare" => against(|order| Value::Int(order as i64)),
            "Equal" => against(|order| order.is_eq().into()),
            "LessThan" => against(|order| order.is_lt().into()),
            "LessThanEqual" => against(|order| order.is_le().into()),
            "GreaterThan" => against(|order| order.is_gt().into()),
            "GreaterThanEqual" => against(|order| order.is_ge().into()),
            _ => return None,
        })
    }

    fn text(&self) -> String {
        let Self { major, minor, patch, prerelease, metadata, .. } = self;
        let prerelease =
            if prerelease.is_empty() { String::new() } else { format!("-{prerelease}") };
        let metadata = if metadata.is_empty() { String::new() } else { format!("+{metadata}") };
        format!("{major}.{minor}.{patch}{prerelease}{metadata}")
    }
}

fn other_version(c: &Call<'_>) -> Option<Version> {
    match c.value(0) {
        Value::Object(object) if object.type_name() == "*semver.Version" => {
            Version::parse(&object.text()).ok()
        }
        _ => None,
    }
}
