//! A proof cannot be made from another one by changing what it says. Only fields that may be
//! named can be changed, and the compiler lists those that may not: all of them.

use isobar::build::Rendered;
use isobar::source::Snapshot;
use isobar::store::{Claim, Lease};

fn snapshot(other: Snapshot) -> Snapshot {
    Snapshot { ..other }
}

fn rendered(other: Rendered) -> Rendered {
    Rendered { ..other }
}

fn lease(other: Lease) -> Lease {
    Lease { ..other }
}

fn claim(other: Claim) -> Claim {
    Claim { ..other }
}

fn main() {}
