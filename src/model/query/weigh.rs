//! What a query may cost: what it makes is weighed as if nothing in it were shared.

use super::{Expr, Operator, Run};
use crate::model::value::{TEXT_PART, Value};

/// How much one value may hold: as much as a document may come to with all its aliases.
const PARTS_MAX: u64 = 400_000;

/// How deep a value may be, as a document.
const NESTING_MAX: u32 = 64;

/// How much all that a query makes and compares may hold together: some tenths of a second.
const WORK_MAX: u64 = 20_000_000;

impl Run<'_> {
    /// Counts what `expr` has made, if it makes anything: what is only found is bounded where it was
    /// read.
    pub(super) fn weigh(&mut self, expr: &Expr, found: &[Value]) -> Result<(), String> {
        let makes = matches!(
            expr,
            Expr::Collect(_) | Expr::Build(_) | Expr::Binary(..) | Expr::Call(..) | Expr::Slice(..)
        );
        if makes {
            for value in found {
                let mut left = PARTS_MAX;
                if !value.fits(NESTING_MAX, &mut left) {
                    return Err(too_large());
                }
                self.work(PARTS_MAX - left)?;
            }
        }
        Ok(())
    }

    /// Counts what it takes to hold two values against each other.
    pub(super) fn compare(
        &mut self,
        operator: Operator,
        left: &Value,
        right: &Value,
    ) -> Result<(), String> {
        let mut spare = WORK_MAX;
        left.fits(u32::MAX, &mut spare);
        self.work(WORK_MAX - spare)?;
        match (operator, left.as_str(), right.as_str()) {
            // A pattern may be held against each place of the text.
            (Operator::Equal | Operator::Unequal, Some(text), Some(pattern))
                if pattern.contains(['*', '?']) =>
            {
                self.work((text.len() as u64).saturating_mul(pattern.len() as u64) / 16)
            }
            _ => Ok(()),
        }
    }

    pub(super) fn work(&mut self, parts: u64) -> Result<(), String> {
        self.work = self.work.saturating_add(parts);
        match self.work > WORK_MAX {
            true => Err("this query makes or compares too much".to_owned()),
            false => Ok(()),
        }
    }
}

/// Whether a text of so many bytes may be made.
pub(super) fn text_fits(bytes: usize) -> Result<(), String> {
    match (bytes / TEXT_PART) as u64 > PARTS_MAX {
        true => Err(too_large()),
        false => Ok(()),
    }
}

fn too_large() -> String {
    format!("this query makes a value of more than {PARTS_MAX} parts, or {NESTING_MAX} levels")
}
