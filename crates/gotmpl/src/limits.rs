//! What one rendering may cost.

use crate::Failure;

/// Bytes that cost one unit of fuel when a function makes them.
const BYTES_PER_FUEL: usize = 64;

/// The bounds of one rendering. Passing one is an error of kind [`crate::ErrorKind::Limit`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Units of work: one per node, argument and list item, and one per 64 bytes made.
    pub fuel: u64,
    /// How deep blocks, parentheses, template calls and printed values may nest together.
    pub depth: usize,
    /// The longest output, and the longest text a function may make.
    pub output_bytes: usize,
}

/// A million units is about 0.1 s and at most 64 MB of text held at once; 400 levels fit a
/// 2 MB thread stack in a debug build (4 KB each); 8 MiB is 20 times the largest manifest known.
impl Default for Limits {
    fn default() -> Self {
        Self { fuel: 1_000_000, depth: 400, output_bytes: 8 << 20 }
    }
}

/// What is left of the [`Limits`] while a template runs.
#[derive(Debug)]
pub struct Meter {
    fuel: u64,
    depth: usize,
    depth_limit: usize,
    output_limit_bytes: usize,
}

impl Meter {
    /// A full meter.
    pub fn new(limits: &Limits) -> Self {
        Self {
            fuel: limits.fuel,
            depth: 0,
            depth_limit: limits.depth,
            output_limit_bytes: limits.output_bytes,
        }
    }

    /// Pays for `units` of work.
    ///
    /// # Errors
    /// [`Failure::Limit`] when the fuel is used up.
    pub fn spend(&mut self, units: usize) -> Result<(), Failure> {
        self.fuel = self.fuel.checked_sub(units as u64).ok_or_else(|| {
            Failure::Limit("the template needs more fuel than allowed".to_owned())
        })?;
        Ok(())
    }

    /// Pays for a text of `bytes`, before it is made.
    ///
    /// # Errors
    /// [`Failure::Limit`] when it is longer than the output may be, or the fuel is used up.
    pub fn spend_bytes(&mut self, bytes: usize) -> Result<(), Failure> {
        self.fits(bytes)?;
        self.spend(bytes / BYTES_PER_FUEL)
    }

    /// Refuses a text longer than the output may be.
    pub(crate) fn fits(&self, bytes: usize) -> Result<(), Failure> {
        if bytes > self.output_limit_bytes {
            let limit = self.output_limit_bytes;
            return Err(Failure::Limit(format!("a text of more than {limit} bytes")));
        }
        Ok(())
    }

    /// Enters one level of nesting; [`Meter::leave`] is its end.
    pub(crate) fn enter(&mut self) -> Result<(), Failure> {
        if self.depth == self.depth_limit {
            let limit = self.depth_limit;
            return Err(Failure::Limit(format!("nested deeper than {limit} levels")));
        }
        self.depth += 1;
        Ok(())
    }

    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
    }
}
