//! A repository to measure with: of the size and the habits of a grown one, the same for a seed.
//!
//! An organisation has 5 tenants in 3 stages and 13 regions, so 195 stacks. A stack is a manifest
//! and three layers of its own; it imports what is global, mixins for its tenant, stage and region,
//! and 20 components from catalogs. Each of these inherits from abstract defaults, which inherit
//! from two of six bases: 46 components in every stack.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::words::{Seeded, Text};

const TENANTS: &[&str] = &["core", "plat", "data", "edge", "labs"];
const STAGES: &[&str] = &["dev", "staging", "prod"];
const REGIONS: &[&str] = &[
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "ca-central-1",
    "eu-west-1",
    "eu-west-2",
    "eu-central-1",
    "eu-north-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
];
const BASES: &[&str] = &["encrypted", "monitored", "backed-up", "private", "tagged", "scaled"];
const COMPLIANCE: &[&str] = &["soc2", "hipaa", "pci", "iso27001"];

/// Layers of a stack, and the components that each of them imports.
const LAYERS: &[(&str, &[&str])] = &[
    ("network", &["vpc", "subnets", "nat", "dns", "firewall", "vpn", "peering"]),
    ("data", &["rds", "elasticache", "s3-logs", "s3-assets", "kafka", "backup"]),
    ("platform", &["eks", "node-group", "karpenter", "ingress", "alerts", "iam-roles", "ecr"]),
];

/// Names of the stack and the component that single measurements ask for.
pub(crate) const STACK: &str = "org0-plat-use1-prod";
pub(crate) const COMPONENT: &str = "eks";
/// A file that one stack alone imports.
pub(crate) const LEAF: &str = "stacks/org0/layers/plat/prod/us-east-1/platform.yaml";

/// What was written.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) files: usize,
    pub(crate) lines: usize,
    pub(crate) stacks: usize,
}

/// Writes a repository of that many organisations into the empty folder `root`.
pub(crate) fn write(root: &Path, organisations: usize, seed: u64) -> Result<Size> {
    let mut writer = Writer { root, size: Size::default(), seeded: Seeded::new(seed) };
    writer.file("atmos.yaml", ATMOS)?;
    for number in 0..organisations {
        writer.organisation(&format!("org{number}"))?;
    }
    Ok(writer.size)
}

const ATMOS: &str = r#"base_path: "."
stacks:
  base_path: stacks
  included_paths: ["*/deploy/**/*"]
  excluded_paths: ["**/_defaults.yaml"]
  name_template: "{{ .vars.namespace }}-{{ .vars.tenant }}-{{ .vars.environment }}-{{ .vars.stage }}"
components:
  terraform:
    base_path: components/terraform
templates:
  settings:
    enabled: true
    sprig:
      enabled: true
"#;

struct Writer<'r> {
    root: &'r Path,
    size: Size,
    seeded: Seeded,
}

impl Writer<'_> {
    fn file(&mut self, path: &str, text: &str) -> Result<()> {
        let path = self.root.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, text)?;
        self.size.files += 1;
        self.size.lines += text.lines().count();
        Ok(())
    }

    fn organisation(&mut self, org: &str) -> Result<()> {
        self.globals(org)?;
        self.mixins(org)?;
        self.catalogs(org)?;
        for tenant in TENANTS {
            for stage in STAGES {
                self.account(org, tenant, stage)?;
                for region in REGIONS {
                    self.stack(org, tenant, stage, region)?;
                }
            }
        }
        Ok(())
    }

    fn globals(&mut self, org: &str) -> Result<()> {
        let mut text = Text::new();
        text.line(0, "vars:");
        text.line(1, &format!("namespace: {org}"));
        self.seeded.entries(&mut text, 1, 10);
        text.line(0, "env:");
        text.line(1, "TF_IN_AUTOMATION: \"true\"");
        text.line(1, &format!("ORGANISATION: {org}"));
        text.line(0, "terraform:");
        text.line(1, "backend_type: s3");
        text.line(1, "backend:");
        text.line(2, "s3:");
        for line in ["encrypt: true", "key: terraform.tfstate", "acl: bucket-owner-full-control"] {
            text.line(3, line);
        }
        text.line(3, &format!("bucket: {org}-terraform-state"));
        text.line(3, &format!("dynamodb_table: {org}-terraform-lock"));
        text.line(1, "providers:");
        text.line(2, "aws:");
        text.line(3, "region: us-east-1");
        text.line(3, "max_retries: 5");
        self.file(&format!("stacks/{org}/globals/vars.yaml"), text.as_str())?;
        for name in ["security", "networking", "tags"] {
            let mut text = Text::new();
            text.line(0, "settings:");
            text.line(1, &format!("{name}:"));
            self.seeded.tree(&mut text, 2, 26);
            self.file(&format!("stacks/{org}/globals/{name}.yaml"), text.as_str())?;
        }
        for name in COMPLIANCE {
            let mut text = Text::new();
            text.line(0, "settings:");
            text.line(1, "compliance:");
            text.line(2, &format!("{name}:"));
            self.seeded.tree(&mut text, 3, 14);
            self.file(&format!("stacks/{org}/mixins/compliance/{name}.yaml"), text.as_str())?;
        }
        Ok(())
    }

    fn mixins(&mut self, org: &str) -> Result<()> {
        for tenant in TENANTS {
            let mut text = Text::new();
            text.line(0, "vars:");
            text.line(1, &format!("tenant: {tenant}"));
            self.seeded.entries(&mut text, 1, 6);
            text.line(0, "settings:");
            text.line(1, "owners:");
            self.seeded.tree(&mut text, 2, 8);
            self.file(&format!("stacks/{org}/mixins/tenant/{tenant}.yaml"), text.as_str())?;
        }
        for stage in STAGES {
            let mut text = Text::new();
            text.line(0, "vars:");
            text.line(1, &format!("stage: {stage}"));
            self.seeded.entries(&mut text, 1, 6);
            text.line(0, "settings:");
            text.line(1, "security:");
            self.seeded.tree(&mut text, 2, 10);
            self.file(&format!("stacks/{org}/mixins/stage/{stage}.yaml"), text.as_str())?;
            for region in REGIONS {
                let mut text = Text::new();
                text.line(0, "settings:");
                text.line(1, "networking:");
                self.seeded.tree(&mut text, 2, 12);
                let path = format!("stacks/{org}/mixins/zones/{stage}-{region}.yaml");
                self.file(&path, text.as_str())?;
            }
        }
        for region in REGIONS {
            let mut text = Text::new();
            text.line(0, "vars:");
            text.line(1, &format!("region: {region}"));
            text.line(1, &format!("environment: {}", environment(region)));
            text.line(1, "availability_zones:");
            for zone in ["a", "b", "c"] {
                text.line(2, &format!("- {region}{zone}"));
            }
            text.line(0, "terraform:");
            text.line(1, "providers:");
            text.line(2, "aws:");
            text.line(3, &format!("region: {region}"));
            self.file(&format!("stacks/{org}/mixins/region/{region}.yaml"), text.as_str())?;
        }
        Ok(())
    }

    fn catalogs(&mut self, org: &str) -> Result<()> {
        for base in BASES {
            let mut text = Text::new();
            text.line(0, "components:");
            text.line(1, "terraform:");
            text.line(2, &format!("base/{base}:"));
            text.line(3, "metadata:");
            text.line(4, "type: abstract");
            text.line(3, "vars:");
            self.seeded.tree(&mut text, 4, 12);
            text.line(3, "settings:");
            text.line(4, &format!("{base}:"));
            self.seeded.tree(&mut text, 5, 10);
            self.file(&format!("stacks/{org}/catalog/base/{base}.yaml"), text.as_str())?;
        }
        let components = LAYERS.iter().flat_map(|(_, components)| components.iter());
        for (number, component) in components.enumerate() {
            let bases = [BASES[number % BASES.len()], BASES[(number + 2) % BASES.len()]];
            self.defaults(org, component, bases)?;
            for stage in STAGES {
                self.variant(org, component, stage)?;
            }
        }
        Ok(())
    }

    fn defaults(&mut self, org: &str, component: &str, bases: [&str; 2]) -> Result<()> {
        let mut text = Text::new();
        text.line(0, "import:");
        for base in bases {
            text.line(1, &format!("- {org}/catalog/base/{base}"));
        }
        text.line(0, "components:");
        text.line(1, "terraform:");
        text.line(2, &format!("{component}/defaults:"));
        text.line(3, "metadata:");
        text.line(4, "type: abstract");
        text.line(4, &format!("component: {component}"));
        text.line(4, "inherits:");
        for base in bases {
            text.line(5, &format!("- base/{base}"));
        }
        text.line(3, "vars:");
        text.line(4, "enabled: true");
        text.line(4, &format!("name: {component}"));
        self.seeded.tree(&mut text, 4, 55);
        text.line(3, "env:");
        text.line(4, &format!("TF_DATA_DIR: .terraform-{component}"));
        text.line(3, "settings:");
        text.line(4, "depends_on:");
        let before = if component == "vpc" { "peering" } else { "vpc" };
        if component != "peering" && component != "vpc" {
            text.line(5, "network:");
            text.line(6, &format!("component: {before}"));
        }
        text.line(5, "source:");
        text.line(6, &format!("folder: components/terraform/{component}"));
        self.file(&format!("stacks/{org}/catalog/{component}/defaults.yaml"), text.as_str())
    }

    fn variant(&mut self, org: &str, component: &str, stage: &str) -> Result<()> {
        let mut text = Text::new();
        text.line(0, "import:");
        text.line(1, &format!("- {org}/catalog/{component}/defaults"));
        text.line(0, "components:");
        text.line(1, "terraform:");
        text.line(2, &format!("{component}:"));
        text.line(3, "metadata:");
        text.line(4, &format!("component: {component}"));
        text.line(4, "inherits:");
        text.line(5, &format!("- {component}/defaults"));
        text.line(3, "vars:");
        self.seeded.tree(&mut text, 4, 14);
        // One component in seven has a template, so that the late pass has something to do.
        if component.len() == 5 {
            text.line(4, "label: '{{ .vars.namespace }}-{{ .vars.stage }}-{{ .vars.region }}'");
            text.line(4, "owner: '{{ .settings.tags.owner | default \"nobody\" }}'");
        }
        self.file(&format!("stacks/{org}/catalog/{component}/{stage}.yaml"), text.as_str())
    }

    fn account(&mut self, org: &str, tenant: &str, stage: &str) -> Result<()> {
        let mut text = Text::new();
        text.line(0, "import:");
        for name in ["vars", "security", "networking", "tags"] {
            text.line(1, &format!("- {org}/globals/{name}"));
        }
        for name in COMPLIANCE.iter().take(if stage == "prod" { 4 } else { 2 }) {
            text.line(1, &format!("- {org}/mixins/compliance/{name}"));
        }
        text.line(1, &format!("- {org}/mixins/tenant/{tenant}"));
        text.line(1, &format!("- {org}/mixins/stage/{stage}"));
        text.line(0, "vars:");
        text.line(1, &format!("account_id: \"{:012}\"", self.seeded.below(999_999_999_999)));
        self.seeded.entries(&mut text, 1, 4);
        self.file(&format!("stacks/{org}/deploy/{tenant}/{stage}/_defaults.yaml"), text.as_str())
    }

    fn stack(&mut self, org: &str, tenant: &str, stage: &str, region: &str) -> Result<()> {
        let folder = format!("{org}/layers/{tenant}/{stage}/{region}");
        for (layer, components) in LAYERS {
            let mut text = Text::new();
            text.line(0, "import:");
            for component in *components {
                text.line(1, &format!("- {org}/catalog/{component}/{stage}"));
            }
            text.line(0, "components:");
            text.line(1, "terraform:");
            for component in components.iter().take(3) {
                text.line(2, &format!("{component}:"));
                text.line(3, "vars:");
                self.seeded.tree(&mut text, 4, 13);
            }
            self.file(&format!("stacks/{folder}/{layer}.yaml"), text.as_str())?;
        }
        let mut text = Text::new();
        text.line(0, "import:");
        text.line(1, &format!("- {org}/deploy/{tenant}/{stage}/_defaults"));
        text.line(1, &format!("- {org}/mixins/region/{region}"));
        text.line(1, &format!("- {org}/mixins/zones/{stage}-{region}"));
        for (layer, _) in LAYERS {
            text.line(1, &format!("- {folder}/{layer}"));
        }
        text.line(0, "vars:");
        self.seeded.entries(&mut text, 1, 4);
        text.line(0, "terraform:");
        text.line(1, "overrides:");
        text.line(2, "settings:");
        text.line(3, "release:");
        self.seeded.tree(&mut text, 4, 6);
        text.line(0, "components:");
        text.line(1, "terraform:");
        for component in ["vpc", "eks"] {
            text.line(2, &format!("{component}:"));
            text.line(3, "vars:");
            self.seeded.entries(&mut text, 4, 3);
        }
        self.size.stacks += 1;
        self.file(&format!("stacks/{org}/deploy/{tenant}/{stage}/{region}.yaml"), text.as_str())
    }
}

/// `us-east-1` is `use1`.
fn environment(region: &str) -> String {
    let mut words = region.split('-');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| match word {
        "northeast" => name + "ne",
        "southeast" => name + "se",
        word => name + &word[..1],
    })
}
