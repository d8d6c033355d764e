//! The laws of every target, kept by folders.

use std::fs;
use std::sync::Arc;

use serde_json::json;
use tempfile::TempDir;

use super::super::FilesTarget;
use crate::backends::Target;
use crate::backends::fixture::conformance::{Place, conforms};
use crate::backends::fixture::{body, key, name, scope};
use crate::ids::ResourceKey;
use crate::model::body::Body;
use crate::model::path::FieldPath;
use crate::world::World;

conforms!(Folders);

struct Folders {
    folder: TempDir,
    world: World,
}

impl Place for Folders {
    async fn new() -> Option<Self> {
        Some(Self { folder: TempDir::new().unwrap(), world: World::real() })
    }

    async fn target(&self, agent: &str) -> Arc<dyn Target> {
        let target = FilesTarget::open(name(), scope(agent), self.folder.path(), &self.world);
        Arc::new(target.unwrap())
    }

    fn key(&self, which: &str) -> ResourceKey {
        key(&format!("prod/{which}.yaml"))
    }

    fn body(&self, which: &str, size: i64) -> Body {
        body(&json!({ "name": which, "size": size }))
    }

    fn field(&self) -> FieldPath {
        FieldPath::root().key("size")
    }

    async fn put(&self, key: &ResourceKey, body: Option<&Body>) {
        let path = self.folder.path().join(key.as_str());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match body {
            Some(body) => fs::write(path, body.encode().unwrap()).unwrap(),
            None => fs::remove_file(path).unwrap(),
        }
    }

    async fn tear_mark(&self, agent: &str) {
        let mark = self.folder.path().join(format!(".isobar/{agent}@config.json"));
        fs::write(mark, "{ half a ma").unwrap();
    }

    async fn hide(&self) {
        fs::remove_dir_all(self.folder.path()).unwrap();
    }
}
