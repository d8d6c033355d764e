use super::*;

#[test]
fn terraform_is_handed_variables_backend_and_providers() {
    check(
        "prod/terraform/vpc",
        VPC,
        &expect![[r#"
            == prod/terraform/vpc/backend.tf.json
            {
              "terraform": {
                "backend": {
                  "s3": {
                    "bucket": "state",
                    "encrypt": true
                  }
                }
              }
            }
            == prod/terraform/vpc/prod-vpc.terraform.tfvars.json
            {
              "cidr": "10.0.0.0/16",
              "count": 16,
              "enabled": "yes",
              "zones": [
                "a",
                "b"
              ]
            }
            == prod/terraform/vpc/providers_override.tf.json
            {
              "provider": {
                "aws": {
                  "region": "us-west-2"
                }
              }
            }
        "#]],
    );
}

#[test]
fn a_component_with_a_folder_in_its_name() {
    check(
        "prod/terraform/network/vpc",
        "#- sections.yaml\nvars: {}\n#- components/terraform/network/vpc/main.tf\n",
        &expect![[r#"
            == prod/terraform/network/vpc/prod-network-vpc.terraform.tfvars.json
            {}
        "#]],
    );
}

#[test]
fn terraform_cloud_names_the_workspace() {
    let text = "#- sections.yaml
backend_type: cloud
backend:
  organization: example
  workspaces: {name: 'app-{terraform_workspace}'}
#- components/terraform/vpc/main.tf
";
    check(
        "prod/terraform/vpc",
        text,
        &expect![[r#"
        == prod/terraform/vpc/backend.tf.json
        {
          "terraform": {
            "cloud": {
              "organization": "example",
              "workspaces": {
                "name": "app-prod-01"
              }
            }
          }
        }
        == prod/terraform/vpc/prod-vpc.terraform.tfvars.json
        {}
    "#]],
    );
}

#[test]
fn a_secret_variable_is_not_written_and_still_counts() {
    let mut fixture = fixture("prod/terraform/vpc", VPC);
    let with = |fixture: &mut Fixture, state: &str| {
        let secret = Secret::new("env:TOKEN", ContentId::of(state));
        let mut vars = fixture.component().section("vars").unwrap().as_map().unwrap().clone();
        vars.insert("token", Value::computed(Node::Secret(secret.into())));
        let mut sections = fixture.component().sections.as_map().unwrap().clone();
        sections.insert("vars", Value::computed(Node::Map(vars)));
        fixture.component().sections = Value::computed(Node::Map(sections));
        fixture.render().unwrap()
    };
    let first = with(&mut fixture, "one");
    let second = with(&mut fixture, "two");
    assert_eq!(first.resources(), second.resources());
    assert_ne!(first.inputs(), second.inputs());
    let written = report(&Ok(first));
    assert!(!written.contains("token"), "{written}");
}

fn tfvars() -> ResourceKey {
    ResourceKey::new("prod/terraform/vpc/prod-vpc.terraform.tfvars.json").unwrap()
}

#[test]
fn an_unknown_value_stays_unknown() {
    let mut fixture = fixture("prod/terraform/vpc", VPC);
    let question = Question {
        function: "terraform.output".into(),
        arguments: vec!["vpc".into(), "id".into()],
    };
    let vars = [(Arc::from("id"), Value::computed(Node::Unknown(question.clone().into())))];
    let vars = Value::computed(Node::Map(vars.into_iter().collect()));
    let mut sections = fixture.component().sections.as_map().unwrap().clone();
    sections.insert("vars", vars);
    fixture.component().sections = Value::computed(Node::Map(sections));
    let rendered = fixture.render().unwrap();
    let piece = &rendered.resources()[&tfvars()];
    let path = FieldPath::root().key("id");
    let expected = Value::computed(Node::Unknown(question.into()));
    assert_eq!(path.find(piece.body.value()), Some(&expected));
}

#[test]
fn the_inputs_change_with_a_module_that_is_called_indirectly() {
    let before = fixture("prod/terraform/vpc", VPC).render().unwrap();
    let again = fixture("prod/terraform/vpc", VPC).render().unwrap();
    assert_eq!(before.inputs(), again.inputs());
    let other = VPC.replace("# nothing", "# something");
    assert_ne!(before.inputs(), fixture("prod/terraform/vpc", &other).render().unwrap().inputs());
    let elsewhere = format!("{VPC}#- components/terraform/eks/main.tf\n");
    let elsewhere = fixture("prod/terraform/vpc", &elsewhere).render().unwrap();
    assert_eq!(before.inputs(), elsewhere.inputs());
}

#[test]
fn fields_lead_back_to_the_line_of_the_manifest() {
    let rendered = fixture("prod/terraform/vpc", VPC).render().unwrap();
    let piece = &rendered.resources()[&tfvars()];
    let zone = FieldPath::parse("zones[1]").unwrap();
    let span = rendered.span(zone.find(piece.body.value()).unwrap().origin).unwrap();
    assert_eq!(span.to_string(), "sections.yaml:3:14");
}

#[test]
fn a_missing_module_is_named_with_the_likely_one() {
    let text = "#- sections.yaml
metadata: {component: vcp}
vars: [not, a, map]
#- components/terraform/vpc/main.tf
";
    check(
        "prod/terraform/main",
        text,
        &expect![[r#"
            sections.yaml:1:23: build-failed: there is no file in `components/terraform/vcp`
              hint: did you mean `vpc`?
            sections.yaml:2:7: section-type: `vars` is not a map
              hint: write a map: `vars: {key: value}`
        "#]],
    );
}
