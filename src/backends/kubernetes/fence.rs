//! The epoch of a lease on each request that is made under it, so that the server itself can refuse one
//! that is over: an admission policy holds it against what the stack's mark says.
//!
//! It cannot stand on the object: a deletion sends none, and it would be one more field to keep. So it
//! is said of who asks: the agent acts as itself, with what the API calls extra.

use http::request::Builder;
use serde_json::{Value as Json, json};

use super::connection::{Call, Failure};
use super::mark;
use crate::ids::Epoch;
use crate::store::Lease;

/// What the API calls every service account by: it knows the groups of those by itself.
const ACCOUNT: &str = "system:serviceaccount:";

/// The group of everybody who is known. The API adds it.
const KNOWN: &str = "system:authenticated";

/// The keys of what is said beside a user's name; `/` has to be written so in the name of a header.
const MARK: &str = "Impersonate-Extra-isobar.dev%2fmark";
const EPOCH: &str = "Impersonate-Extra-isobar.dev%2fepoch";

/// Under which lease a request is made.
#[derive(Debug, Clone)]
pub(super) struct Fence {
    /// The ConfigMap with the stack's mark.
    mark: String,
    epoch: Epoch,
    user: Option<User>,
}

/// Who asks.
#[derive(Debug, Clone)]
pub(super) struct User {
    name: String,
    groups: Vec<String>,
}

impl Fence {
    pub(super) fn of(lease: &Lease) -> Self {
        let mark = mark::file_name(lease.scope(), lease.stack());
        Self { mark, epoch: lease.epoch(), user: None }
    }

    pub(super) fn of_user(self, user: &User) -> Self {
        Self { user: Some(user.clone()), ..self }
    }

    /// Adds the headers to a request; with `names`, those that say who asks, too.
    pub(super) fn on(&self, mut request: Builder, names: bool) -> Builder {
        if let Some(user) = self.user.as_ref().filter(|_| names) {
            request = request.header("Impersonate-User", user.name.as_str());
            for group in &user.groups {
                request = request.header("Impersonate-Group", group.as_str());
            }
        }
        request.header(MARK, self.mark.as_str()).header(EPOCH, self.epoch.to_string())
    }
}

impl User {
    /// What asks the server who we are.
    pub(super) fn question() -> Call {
        let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews".to_owned();
        let review = json!({
            "apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"
        });
        Call::post(path, review)
    }

    /// What the server answers.
    pub(super) fn read(review: &Json) -> Result<Self, Failure> {
        let user = &review["status"]["userInfo"];
        let Some(name) = user["username"].as_str() else {
            return Err(Failure::Away("it does not say who the agent is".to_owned()));
        };
        let groups = user["groups"].as_array().into_iter().flatten().filter_map(Json::as_str);
        let groups = groups.filter(|group| *group != KNOWN && !name.starts_with(ACCOUNT));
        Ok(Self { name: name.to_owned(), groups: groups.map(str::to_owned).collect() })
    }
}
