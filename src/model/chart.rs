//! Charts that are not in the repository, as components name them: of a chart repository, of an OCI
//! registry, or an archive that a url names.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::desired::Component;
use super::remote;
use super::value::Value;
use crate::ids::ContentId;

/// What the name of a registry begins with.
const REGISTRY: &str = "oci://";

/// A chart at another place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RemoteChart {
    /// What the `index.yaml` of a chart repository has under a name.
    Repository {
        /// `https://host/path`, or `http` to this machine; without a final `/`.
        url: String,
        /// The chart's name there.
        name: String,
        /// Which versions would do; none: the newest that is no prerelease.
        version: Option<String>,
    },
    /// A repository of an OCI registry.
    Registry {
        /// `oci://host/path/name`.
        url: String,
        /// Which versions would do; none: the newest that is no prerelease.
        version: Option<String>,
    },
    /// One archive.
    Archive {
        /// `https://host/path/name-1.2.3.tgz`, or `http` to this machine.
        url: String,
    },
}

/// What `isobar.lock` says of a chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LockedChart {
    /// The version that was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Where its archive is: `https://host/path/name-1.2.3.tgz`, or `oci://host/path/name`.
    pub url: String,
    /// The hash of the archive.
    #[schemars(with = "String")]
    pub sha256: ContentId,
}

/// What is known of charts at other places.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Charts {
    /// What is locked, by what components ask for: [`RemoteChart`], as it is shown.
    pub locked: BTreeMap<String, LockedChart>,
    /// The urls of chart repositories that the settings give a name.
    pub repositories: BTreeMap<Arc<str>, Arc<str>>,
}

impl RemoteChart {
    /// The chart at another place that a component of kind `helm` names; or why that cannot be one.
    /// `None`: it names a folder of the repository, or none.
    pub fn of(component: &Component, charts: &Charts) -> Option<Result<Self, String>> {
        let text = |name| component.section(name).and_then(Value::as_str);
        let (chart, version) = (text("chart")?, text("version"));
        let own = component.section("repositories").map(repositories).unwrap_or_default();
        let known = |name: &str| own.get(name).or_else(|| charts.repositories.get(name)).cloned();
        let in_known = chart.split_once('/').and_then(|(name, chart)| Some((known(name)?, chart)));
        match (text("repository"), in_known) {
            (Some(url), _) => Self::parse(chart, Some(url), version),
            (None, Some((url, chart))) => Self::parse(chart, Some(&url), version),
            (None, None) => Self::parse(chart, None, version),
        }
    }

    /// Reads `chart` of a component, with its `repository` and `version`. `None`: it names none of
    /// another place. The error says which form is not known, and what to write.
    pub fn parse(
        chart: &str,
        repository: Option<&str>,
        version: Option<&str>,
    ) -> Option<Result<Self, String>> {
        let version = version.map(str::trim).filter(|version| !version.is_empty());
        let version = version.map(str::to_owned);
        match repository {
            Some(url) if url.starts_with(REGISTRY) => {
                let url = format!("{}/{chart}", url.trim_end_matches('/'));
                Some(named(chart).and_then(|()| registry(&url, version)))
            }
            Some(url) => Some(named(chart).and_then(|()| {
                let (url, name) = (checked(url)?, chart.to_owned());
                Ok(Self::Repository { url, name, version })
            })),
            None if chart.starts_with(REGISTRY) => Some(registry(chart, version)),
            None if chart.contains("://") => Some(checked(chart).map(|url| Self::Archive { url })),
            None => None,
        }
    }

    /// Its name, as its own `Chart.yaml` should have it; of an archive, that of the file.
    pub fn name(&self) -> &str {
        match self {
            Self::Repository { name, .. } => name,
            Self::Registry { url, .. } | Self::Archive { url } => {
                url.rsplit('/').next().unwrap_or_default()
            }
        }
    }
}

/// Its place and name, and the versions that would do behind an `@`.
impl fmt::Display for RemoteChart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = match self {
            Self::Repository { url, name, version } => {
                write!(f, "{url}/{name}")?;
                version
            }
            Self::Registry { url, version } => {
                f.write_str(url)?;
                version
            }
            Self::Archive { url } => return f.write_str(url),
        };
        version.as_ref().map_or(Ok(()), |version| write!(f, "@{version}"))
    }
}

/// The names and urls in a section `repositories`.
pub fn repositories(section: &Value) -> BTreeMap<Arc<str>, Arc<str>> {
    let entries = section.as_list().unwrap_or_default().iter();
    let text = |entry: &Value, key| entry.get(key)?.as_str().map(Arc::from);
    entries.filter_map(|entry| Some((text(entry, "name")?, text(entry, "url")?))).collect()
}

/// What is asked of a registry over HTTP for `oci://host/path`: its own url, and the path.
pub fn registry_parts(url: &str) -> Option<(String, &str)> {
    let (host, path) = url.strip_prefix(REGISTRY)?.split_once('/')?;
    // As everywhere, one on this machine is spoken to without TLS.
    let scheme = if remote::is_this_machine(host) { "http" } else { "https" };
    Some((format!("{scheme}://{host}"), path))
}

fn registry(url: &str, version: Option<String>) -> Result<RemoteChart, String> {
    let rest = url.trim_end_matches('/').strip_prefix(REGISTRY).unwrap_or_default();
    let name = rest.rsplit('/').next().unwrap_or_default();
    if name.contains('@') {
        let lock = "`isobar.lock` has the digest";
        return Err(format!("name a version in place of `@{}`; {lock}", after(name, '@')));
    }
    let tagged = name.split_once(':').filter(|_| rest.contains('/'));
    let (rest, version) = match (tagged, version) {
        (Some((name, tag)), None) => {
            (&rest[..rest.len() - tag.len() - 1], Some(tag.to_owned()).filter(|_| !name.is_empty()))
        }
        (Some((_, tag)), Some(_)) => {
            return Err(format!("it has a `version`, and the tag `{tag}` besides"));
        }
        (None, version) => (rest, version),
    };
    let plain = |letter: char| {
        letter.is_ascii_lowercase()
            || letter.is_ascii_digit()
            || ['.', '_', '-', '/'].contains(&letter)
    };
    let (host, path) = rest.split_once('/').unwrap_or_default();
    if host.is_empty() || path.is_empty() || !path.chars().all(plain) {
        return Err("a chart of a registry is `oci://host/path/name`, in lower case".to_owned());
    }
    // The same rules as for any other place.
    let (scheme, is_here) = ("https", remote::is_this_machine(host));
    let scheme = if is_here { "http" } else { scheme };
    let url = remote::checked(&format!("{scheme}://{rest}"))?;
    let url = url.split_once("://").map_or("", |(_, rest)| rest);
    Ok(RemoteChart::Registry { url: format!("{REGISTRY}{url}"), version })
}

/// A url without a query or a final `/`.
fn checked(url: &str) -> Result<String, String> {
    if url.contains(['?', '\\']) || url.chars().any(|letter| letter.is_whitespace()) {
        return Err("its url has no blanks, no backslashes and no query".to_owned());
    }
    remote::checked(url.trim_end_matches('/'))
}

fn named(chart: &str) -> Result<(), String> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || ['.', '_', '-'].contains(&letter);
    let is_name = !chart.is_empty() && chart.chars().all(plain) && !matches!(chart, "." | "..");
    match is_name {
        true => Ok(()),
        false => Err("with a `repository`, `chart` is the chart's name there".to_owned()),
    }
}

fn after(text: &str, letter: char) -> &str {
    text.split_once(letter).map_or("", |(_, after)| after)
}

#[cfg(test)]
mod tests;
