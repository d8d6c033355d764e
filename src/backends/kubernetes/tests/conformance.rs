//! The laws of every target, kept by clusters.

use std::sync::Arc;

use serde_json::json;

use super::place::Corner;
use crate::backends::Target;
use crate::backends::fixture::conformance::{Place, conforms};
use crate::backends::fixture::{body, key};
use crate::backends::kubernetes::connection::Call;
use crate::ids::ResourceKey;
use crate::model::body::{self, Body};
use crate::model::path::FieldPath;

conforms!(Corner);

impl Place for Corner {
    async fn new() -> Option<Self> {
        Self::new().await
    }

    async fn target(&self, agent: &str) -> Arc<dyn Target> {
        Self::target(self, agent)
    }

    fn key(&self, which: &str) -> ResourceKey {
        key(&format!("ConfigMap/{}/{which}", self.namespace))
    }

    fn body(&self, which: &str, size: i64) -> Body {
        body(&json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": which, "namespace": self.namespace},
            "data": {"size": size.to_string()},
        }))
    }

    fn field(&self) -> FieldPath {
        FieldPath::root().key("data").key("size")
    }

    async fn put(&self, key: &ResourceKey, body: Option<&Body>) {
        let (_, name) = key.as_str().rsplit_once('/').unwrap();
        let path = self.path("api/v1", &format!("configmaps/{name}"));
        let Some(body) = body else {
            self.send(Call::delete(path, json!({}))).await.unwrap();
            return;
        };
        let manifest = body::plain(body.value()).unwrap();
        match self.get(path.clone()).await {
            Some(_) => drop(self.merge(path, "hand", manifest).await),
            None => {
                let folder = self.path("api/v1", "configmaps");
                self.send(Call::post(folder, manifest).query("fieldManager", "hand"))
                    .await
                    .unwrap();
            }
        }
    }

    async fn tear_mark(&self, agent: &str) {
        let folder = format!("/api/v1/namespaces/{}/configmaps", self.marks);
        let owner = format!("isobar.dev/mark={agent}.config");
        let marks =
            self.send(Call::get(folder.clone()).query("labelSelector", owner)).await.unwrap();
        let name = marks["items"][0]["metadata"]["name"].as_str().unwrap();
        let torn = json!({"data": {"mark.json": "{ half a ma"}});
        self.merge(format!("{folder}/{name}"), "hand", torn).await;
    }

    async fn hide(&self) {
        self.cut().await;
    }
}
