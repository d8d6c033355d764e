//! Seeded YAML: keys and values that look like what people write.

/// A text that grows by indented lines.
pub(crate) struct Text(String);

impl Text {
    pub(crate) fn new() -> Self {
        Self(String::new())
    }

    pub(crate) fn line(&mut self, depth: usize, line: &str) {
        (0..depth).for_each(|_| self.0.push_str("  "));
        self.0.push_str(line);
        self.0.push('\n');
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

const FIRST: &[&str] = &[
    "access",
    "alarm",
    "archive",
    "audit",
    "backup",
    "cache",
    "cluster",
    "cost",
    "deletion",
    "endpoint",
    "flow_log",
    "health",
    "ingress",
    "instance",
    "kms",
    "lifecycle",
    "log",
    "metric",
    "network",
    "node",
    "origin",
    "password",
    "peer",
    "public",
    "queue",
    "replica",
    "retention",
    "rotation",
    "route",
    "scaling",
    "session",
    "snapshot",
    "storage",
    "subnet",
    "timeout",
    "trace",
];
const LAST: &[&str] = &[
    "arn",
    "bucket",
    "class",
    "count",
    "days",
    "enabled",
    "filter",
    "group",
    "id",
    "interval",
    "key",
    "limit",
    "mode",
    "name",
    "policy",
    "prefix",
    "protection",
    "ratio",
    "role",
    "rules",
    "size",
    "target",
    "threshold",
    "type",
    "version",
    "window",
];
const TEXTS: &[&str] = &[
    "alias/platform/default",
    "arn:aws:iam::123456789012:role/deployer",
    "10.64.0.0/16",
    "cron(0 5 * * ? *)",
    "eu-only",
    "gp3",
    "internal.example.com",
    "m6i.2xlarge",
    "ondemand",
    "owner@example.com",
    "postgres16",
    "rolling-update",
    "standard",
    "us-audit-archive",
    "Managed by the platform team, change it there",
    "v1.31.4",
];

/// Numbers from a seed: the generator of Steele, Lea and Flood (SplitMix64).
pub(crate) struct Seeded(u64);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn one_of(&mut self, all: &[&'static str]) -> &'static str {
        all[self.below(all.len() as u64) as usize]
    }

    /// `count` lines of scalars.
    pub(crate) fn entries(&mut self, text: &mut Text, depth: usize, count: usize) {
        for key in self.keys(count) {
            let value = self.scalar();
            text.line(depth, &format!("{key}: {value}"));
        }
    }

    /// `count` lines of scalars, lists and maps within maps.
    pub(crate) fn tree(&mut self, text: &mut Text, depth: usize, count: usize) {
        let mut left = count;
        let mut keys = self.keys(count).into_iter();
        while left > 0 {
            let Some(key) = keys.next() else { return };
            let inside = match self.below(10) {
                0..=1 if left > 4 && depth < 9 => 3 + self.below(left as u64 / 2) as usize,
                2 if left > 3 => {
                    text.line(depth, &format!("{key}:"));
                    for _ in 0..2 {
                        let item = self.one_of(TEXTS);
                        text.line(depth + 1, &format!("- \"{item}\""));
                    }
                    left -= 3;
                    continue;
                }
                _ => 0,
            };
            if inside == 0 {
                let value = self.scalar();
                text.line(depth, &format!("{key}: {value}"));
                left -= 1;
            } else {
                text.line(depth, &format!("{key}:"));
                self.tree(text, depth + 1, inside);
                left = left.saturating_sub(inside + 1);
            }
        }
    }

    /// Different keys, in no order.
    fn keys(&mut self, count: usize) -> Vec<String> {
        let mut keys = Vec::with_capacity(count);
        while keys.len() < count {
            let key = format!("{}_{}", self.one_of(FIRST), self.one_of(LAST));
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }

    fn scalar(&mut self) -> String {
        match self.below(10) {
            0..=1 => ["true", "false"][self.below(2) as usize].to_owned(),
            2..=3 => self.below(10_000).to_string(),
            4 => format!("0.{}", self.below(99) + 1),
            _ => format!("\"{}\"", self.one_of(TEXTS)),
        }
    }
}
