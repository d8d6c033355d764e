//! The only integration binary: what can be seen of Isobar from outside, and what holds for the
//! repository as a whole. One file per subject; `tidy` fails for a file that is not listed here.

mod cli;
mod cluster;
mod compile_fail;
mod conformance;
mod crash;
mod deployments;
mod errands;
mod errors;
mod explain;
mod jail;
mod kinds;
mod git_http;
mod git_https;
mod imports;
mod laws;
mod limits;
mod links;
mod mistakes;
mod postgres;
mod readme;
mod scenario;
mod stage;
mod store;
mod testbed;
mod tidy;
