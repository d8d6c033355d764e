//! The only integration binary: Isobar against real peers. One line per area.

mod postgres;

mod store;
