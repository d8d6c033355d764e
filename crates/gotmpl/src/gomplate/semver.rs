//! `semver.`

use super::namespace;
use crate::functions::Functions;

pub(super) fn register(f: &mut Functions) {
    let mut sprig = Functions::none();
    crate::sprig::semver::register(&mut sprig);
    let m = &mut Functions::none();
    super::alias(m, &sprig, &[("Semver", "semver"), ("CheckConstraint", "semverCompare")]);
    f.add("semver", namespace("*funcs.SemverFuncs", m.clone()));
}
