//! The agent's own settings (`agent.yaml`, environment, flags): their only reader.

/// The value of an environment variable, if it is set and readable.
#[expect(clippy::disallowed_methods, reason = "this is the reader of the environment")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
