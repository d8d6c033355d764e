//! Desired and observed into a plan.
