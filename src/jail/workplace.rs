//! A folder to run a program in.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A folder that goes with whoever holds this.
pub struct Workplace(PathBuf);

impl Workplace {
    /// Makes the folder `name` in `parent`.
    pub fn make(parent: &Path, name: &str) -> io::Result<Self> {
        let folder = parent.join(name);
        fs::create_dir_all(&folder)?;
        // A program is told where it is by a path that leads there without links.
        fs::canonicalize(&folder).map(Self)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// What a program has said, in one line. Where it worked is nobody's business, and another place
    /// each time.
    pub fn nameless(&self, said: &str) -> String {
        let shown = self.0.display().to_string();
        let said = said.replace(&format!("{shown}/"), "").replace(&shown, ".");
        said.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        // What is left goes with the cache.
        let _ = fs::remove_dir_all(&self.0);
    }
}
