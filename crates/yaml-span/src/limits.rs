//! How much one source may ask of us.

/// Bounds for one source text. Exceeding any of them is an error that ends the parse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Size of the source in bytes; above 1 GiB counts as 1 GiB.
    pub source_bytes: usize,
    /// Collections inside one another, also through aliases. The walk of a tree may recurse.
    pub depth: usize,
    /// Nodes as written, all documents together; an alias is one node.
    pub nodes: usize,
    /// Nodes of one document with every alias replaced by what it stands for.
    pub expanded_nodes: u64,
    /// Aliases as written, all documents together.
    pub aliases: usize,
    /// Errors reported, at least one; what follows is dropped.
    pub errors: usize,
}

impl Limits {
    /// - 5 MiB of source: the largest configuration files in the wild are near 1 MiB.
    /// - 64 deep: hand-written files stay below 20.
    /// - 100 000 nodes of 28 bytes: under 3 MiB of arena.
    /// - 400 000 expanded nodes: four times the nodes as written.
    /// - 1 000 aliases; 100 errors, more than anyone reads.
    pub const DEFAULT: Limits = Limits {
        source_bytes: 5 * 1024 * 1024,
        depth: 64,
        nodes: 100_000,
        expanded_nodes: 400_000,
        aliases: 1_000,
        errors: 100,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Limits::DEFAULT
    }
}

/// The arena counts in `u32`; decoding an escape can grow a text by half, so 1 GiB stays safe.
pub(crate) const SOURCE_BYTES_CEILING: usize = 1 << 30;
