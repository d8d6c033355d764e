//! Charts at other places: chart repositories, OCI registries, archives. They are fetched from places
//! that are allowed, kept by their content, and never unpacked here.
//!
//! A server may lead on (registries hand out their blobs elsewhere, and some ask for a token first):
//! it is followed to places that are allowed, and to no others.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::PathBuf;

use http::header::{ACCEPT, LOCATION, WWW_AUTHENTICATE};
use reqwest::Url;
use reqwest::blocking::Response;
use serde::Deserialize;

use super::import::{ImportError, Imports, asked, failed};
use crate::ids::ContentId;
use crate::model::chart::{LockedChart, RemoteChart, registry_parts};
use crate::model::remote::allows;

/// Largest archive: sixteen times what fits into a Secret, where Helm itself keeps a chart.
const ARCHIVE_BYTES_MAX: u64 = 16 << 20;

/// Largest index: twice the largest that is known, with 20,000 versions.
const INDEX_BYTES_MAX: u64 = 64 << 20;

/// Largest answer of a registry that is no archive: manifests and tokens have a few KiB, and a list
/// of 10,000 tags 200 KiB.
const ANSWER_BYTES_MAX: u64 = 1 << 20;

/// How often a server may lead on; two is usual.
const HOPS_MAX: usize = 5;

/// Most versions of a chart that a registry is asked for.
const TAGS_MAX: usize = 10_000;

/// What a manifest calls a chart, of all that a registry may hold.
const LAYER: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// What of `index.yaml` matters.
#[derive(Deserialize)]
struct Index {
    #[serde(default)]
    entries: BTreeMap<String, Vec<Entry>>,
}

#[derive(Deserialize)]
struct Entry {
    version: Option<String>,
    urls: Option<Vec<String>>,
    digest: Option<String>,
}

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    layers: Vec<Layer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    media_type: String,
    digest: String,
}

#[derive(Deserialize)]
struct Tags {
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

impl Imports {
    /// Whether the archive at `url`, as a lock has it, may be fetched.
    pub fn permits_chart(&self, url: &str) -> Result<(), ImportError> {
        match self.has_chart(url)? {
            true => Ok(()),
            false => Err(ImportError::Refused(format!("nothing allows charts from `{url}`"))),
        }
    }

    /// Whether `url` lies in a place that is allowed; or why nothing is ever fetched from it.
    fn has_chart(&self, url: &str) -> Result<bool, ImportError> {
        let form = RemoteChart::parse(url, None, None);
        form.unwrap_or_else(|| Err("it is no url".to_owned())).map_err(ImportError::Refused)?;
        Ok(self.places().any(|allowed| allows(allowed, url)))
    }

    /// The file of the archive at `url` with the content `sha256`. What is here already is not
    /// fetched; `asks` is whether anything else may be.
    pub fn chart(&self, url: &str, sha256: &ContentId, asks: bool) -> Result<PathBuf, ImportError> {
        let kept = self.kept(url, sha256).ok_or_else(|| failed("there is no folder to keep it"))?;
        let kept = kept.with_extension("tgz");
        if std::fs::read(&kept).is_ok_and(|bytes| ContentId::of(bytes) == *sha256) {
            return Ok(kept);
        }
        if !asks {
            let why = "nothing is fetched for a pull request that the branch does not have";
            return Err(ImportError::Refused(why.to_owned()));
        }
        self.permits_chart(url)?;
        let bytes = self.apart(|| match registry_parts(url) {
            Some(_) => self.blob(url, sha256),
            None => self.archive(url),
        })?;
        if ContentId::of(&bytes) != *sha256 {
            let why = format!("what `{url}` gives is not what `isobar.lock` says");
            return Err(ImportError::Changed(why));
        }
        super::import::keep(&kept, &bytes)
            .map_err(|error| failed(&format!("it cannot be kept: {error}")))?;
        Ok(kept)
    }

    /// What a chart is now, for a lock.
    pub fn latest_chart(&self, chart: &RemoteChart) -> Result<LockedChart, ImportError> {
        let (RemoteChart::Repository { url, .. }
        | RemoteChart::Registry { url, .. }
        | RemoteChart::Archive { url }) = chart;
        self.permits_chart(url)?;
        self.apart(|| match chart {
            RemoteChart::Repository { url, name, version } => {
                self.indexed(url, name, version.as_deref())
            }
            RemoteChart::Registry { url, version } => self.tagged(url, version.as_deref()),
            RemoteChart::Archive { url } => {
                let sha256 = ContentId::of(self.archive(url)?);
                Ok(LockedChart { version: None, url: url.clone(), sha256 })
            }
        })
    }

    fn archive(&self, url: &str) -> Result<Vec<u8>, ImportError> {
        bounded(self.follow(url, "*/*", None)?, ARCHIVE_BYTES_MAX)
    }

    fn indexed(
        &self,
        repository: &str,
        name: &str,
        version: Option<&str>,
    ) -> Result<LockedChart, ImportError> {
        let index = format!("{repository}/index.yaml");
        let bytes = bounded(self.follow(&index, "*/*", None)?, INDEX_BYTES_MAX)?;
        let index: Index = serde_yaml::from_slice(&bytes)
            .map_err(|error| failed(&format!("its `index.yaml` cannot be read: {error}")))?;
        let entries = index.entries.get(name);
        let entries = entries.ok_or_else(|| failed(&format!("its index has no chart `{name}`")))?;
        let versions = entries.iter().filter_map(|entry| entry.version.as_deref());
        let found = newest(version, versions)?;
        let entry = entries.iter().find(|entry| entry.version.as_deref() == Some(found));
        let file = entry.and_then(|entry| entry.urls.as_ref()?.first());
        let file =
            file.ok_or_else(|| failed(&format!("its index does not say where {found} is")))?;
        let base =
            Url::parse(&format!("{repository}/")).map_err(|error| failed(&error.to_string()));
        let url = base?.join(file).map_err(|error| failed(&format!("`{file}`: {error}")))?;
        let (url, found) = (url.to_string(), found.to_owned());
        self.permits_chart(&url)?;
        let sha256 = ContentId::of(self.archive(&url)?);
        let said = entry.and_then(|entry| entry.digest.as_deref());
        if said.is_some_and(|said| said.trim_start_matches("sha256:") != sha256.to_string()) {
            return Err(failed(&format!("what `{url}` gives is not what the index says of it")));
        }
        Ok(LockedChart { version: Some(found), url, sha256 })
    }

    fn tagged(&self, url: &str, version: Option<&str>) -> Result<LockedChart, ImportError> {
        let exact = version.filter(|version| gotmpl::versions::is_exact(version));
        let found = match exact {
            Some(version) => version.to_owned(),
            None => {
                let list = format!("tags/list?n={TAGS_MAX}");
                let tags: Tags = self.registry_answer(url, &list, "application/json")?;
                // A tag has no `+`, and Helm writes `_` in its place.
                let tags = tags.tags.unwrap_or_default();
                let tags: Vec<_> = tags.iter().map(|tag| tag.replace('_', "+")).collect();
                newest(version, tags.iter().map(String::as_str))?.to_owned()
            }
        };
        let path = format!("manifests/{}", found.replace('+', "_"));
        let manifest: Manifest = self.registry_answer(url, &path, MANIFEST)?;
        let layer = manifest.layers.iter().find(|layer| layer.media_type == LAYER);
        let layer = layer.ok_or_else(|| failed("what the registry has there is no chart"))?;
        let digest = layer.digest.strip_prefix("sha256:").unwrap_or_default();
        let sha256 = ContentId::parse(digest)
            .map_err(|_| failed(&format!("its digest `{}` is no sha256", layer.digest)))?;
        if ContentId::of(self.blob(url, &sha256)?) != sha256 {
            return Err(failed("what the registry gives has not the digest that it says"));
        }
        Ok(LockedChart { version: Some(found), url: url.to_owned(), sha256 })
    }

    fn blob(&self, url: &str, sha256: &ContentId) -> Result<Vec<u8>, ImportError> {
        let answer = self.registry(url, &format!("blobs/sha256:{sha256}"), "*/*")?;
        bounded(answer, ARCHIVE_BYTES_MAX)
    }

    fn registry_answer<T: for<'de> Deserialize<'de>>(
        &self,
        url: &str,
        path: &str,
        accept: &str,
    ) -> Result<T, ImportError> {
        json(&bounded(self.registry(url, path, accept)?, ANSWER_BYTES_MAX)?)
    }

    /// What a registry answers about a repository of it, if need be with a token that anybody gets.
    fn registry(&self, url: &str, path: &str, accept: &str) -> Result<Response, ImportError> {
        let (host, repository) =
            registry_parts(url).ok_or_else(|| failed("it is in no registry"))?;
        let asked = format!("{host}/v2/{repository}/{path}");
        let answer = self.one(&asked, accept, None)?;
        if answer.status() != http::StatusCode::UNAUTHORIZED {
            return self.from(answer, &asked, accept);
        }
        let challenge = answer.headers().get(WWW_AUTHENTICATE).and_then(|told| told.to_str().ok());
        let challenge = challenge.and_then(|told| told.strip_prefix("Bearer "));
        let challenge = challenge.ok_or_else(|| {
            failed("it wants a password, and charts are fetched without credentials")
        })?;
        let said = parameters(challenge);
        let realm = said.get("realm").and_then(|realm| Url::parse(realm).ok());
        let mut realm = realm.ok_or_else(|| failed("it does not say where a token comes from"))?;
        let is_its_own = realm.as_str().starts_with(&format!("{host}/"));
        if !is_its_own {
            self.leads_to(&realm)?;
        }
        let rest = ["service", "scope"].iter().filter_map(|key| Some((*key, said.get(*key)?)));
        realm.query_pairs_mut().extend_pairs(rest);
        let token = self.follow(realm.as_str(), "application/json", None)?;
        let token: Token = json(&bounded(token, ANSWER_BYTES_MAX)?)?;
        let token =
            token.token.or(token.access_token).ok_or_else(|| failed("it gives no token"))?;
        self.follow(&asked, accept, Some(&token))
    }

    fn follow(
        &self,
        url: &str,
        accept: &str,
        token: Option<&str>,
    ) -> Result<Response, ImportError> {
        self.from(self.one(url, accept, token)?, url, accept)
    }

    /// The answer at the end of where a first one leads. A token is for who asked for it.
    fn from(&self, mut answer: Response, url: &str, accept: &str) -> Result<Response, ImportError> {
        let mut at = Url::parse(url).map_err(|error| failed(&error.to_string()))?;
        for _ in 0..HOPS_MAX {
            if !answer.status().is_redirection() {
                return match answer.status() {
                    status if status.is_success() => Ok(answer),
                    status => Err(failed(&format!("the server answers {status}"))),
                };
            }
            let to = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok());
            let to = to.and_then(|to| at.join(to).ok());
            at = to.ok_or_else(|| failed("it moved, and does not say where to"))?;
            self.leads_to(&at)?;
            answer = self.one(at.as_str(), accept, None)?;
        }
        Err(failed(&format!("it leads on more than {HOPS_MAX} times")))
    }

    /// Refuses a place that a server names and nobody has allowed.
    fn leads_to(&self, url: &Url) -> Result<(), ImportError> {
        let place = url.as_str().split('?').next().unwrap_or_default();
        match self.has_chart(place)? {
            true => Ok(()),
            false => Err(ImportError::Refused(format!(
                "it leads to `{place}`, and nothing allows that place"
            ))),
        }
    }

    fn one(&self, url: &str, accept: &str, token: Option<&str>) -> Result<Response, ImportError> {
        asked(url, self.authorities_of(url).as_deref(), |request| {
            let request = request.header(ACCEPT, accept);
            match token {
                Some(token) => request.bearer_auth(token),
                None => request,
            }
        })
    }
}

/// The newest of `versions` that will do.
fn newest<'v>(
    wanted: Option<&str>,
    versions: impl Iterator<Item = &'v str>,
) -> Result<&'v str, ImportError> {
    let wanted = wanted.unwrap_or("*");
    let found = gotmpl::versions::newest(wanted, versions)
        .map_err(|error| failed(&format!("`version` is none, and no range: {error}")))?;
    found.ok_or_else(|| failed(&format!("there is no version `{wanted}`")))
}

fn json<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, ImportError> {
    serde_json::from_slice(bytes).map_err(|error| failed(&format!("its answer is odd: {error}")))
}

fn bounded(from: Response, most: u64) -> Result<Vec<u8>, ImportError> {
    let mut bytes = Vec::new();
    from.take(most + 1).read_to_end(&mut bytes).map_err(|error| failed(&error.to_string()))?;
    match bytes.len() as u64 > most {
        true => Err(failed(&format!("it has more than {most} bytes"))),
        false => Ok(bytes),
    }
}

/// `key="value",key="value"`, as in a challenge (RFC 9110, section 11.2). A scope has commas in it.
fn parameters(challenge: &str) -> BTreeMap<&str, String> {
    let mut found = BTreeMap::new();
    let mut rest = challenge.trim();
    while let Some((key, after)) = rest.split_once("=\"") {
        let Some((value, after)) = after.split_once('"') else { break };
        found.insert(key.trim_start_matches([',', ' ']), value.to_owned());
        rest = after;
    }
    found
}

#[cfg(test)]
mod tests;
