//! A proof comes from no default, from no constructor, and from no text: nothing but the stage
//! that has seen what it proves makes one.

use isobar::build::Rendered;
use isobar::schema;
use isobar::settings::AgentSettings;
use isobar::source::Snapshot;
use isobar::store::{Claim, Lease};

fn defaults() -> (Snapshot, Rendered, Lease, Claim) {
    (Snapshot::default(), Rendered::default(), Lease::default(), Claim::default())
}

fn constructors() -> (Snapshot, Rendered, Lease, Claim) {
    (Snapshot::new(), Rendered::new(), Lease::new(), Claim::new())
}

fn texts(text: &str) {
    let _ = schema::read::<Snapshot>("a.yaml", text);
    let _ = schema::read::<Rendered>("a.yaml", text);
    let _ = schema::read::<Lease>("a.yaml", text);
    let _ = schema::read::<Claim>("a.yaml", text);
    // What is no proof comes from one.
    let _ = schema::read::<AgentSettings>("a.yaml", text);
}

fn main() {}
