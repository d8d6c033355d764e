//! Semantic versions and constraints on them, outside of templates: as Sprig and Helm read them.

use crate::sprig::semver::{Constraint, Version};

/// The newest of `versions` that `constraint` allows; what is no version is passed over. Prereleases
/// count where the constraint names one.
///
/// # Errors
///
/// The constraint is none.
pub fn newest<'v>(
    constraint: &str,
    versions: impl IntoIterator<Item = &'v str>,
) -> Result<Option<&'v str>, String> {
    let constraint = Constraint::parse(constraint).map_err(|failure| failure.to_string())?;
    let parsed = versions.into_iter().filter_map(|text| Some((Version::parse(text).ok()?, text)));
    let allowed = parsed.filter(|(version, _)| constraint.allows(version));
    Ok(allowed.max_by(|(a, _), (b, _)| a.compare(b)).map(|(_, text)| text))
}

/// Whether a constraint names one version and no other.
pub fn is_exact(constraint: &str) -> bool {
    let numbers = constraint.strip_prefix('v').unwrap_or(constraint);
    let numbers = numbers.split(['-', '+']).next().unwrap_or_default();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    numbers.split('.').count() == 3
        && numbers.split('.').all(is_number)
        && Version::parse(constraint).is_ok()
}

#[cfg(test)]
mod tests;
