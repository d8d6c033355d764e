use super::*;

fn question(function: &str, arguments: &[&str]) -> Question {
    let arguments = arguments.iter().map(|&argument| argument.into()).collect();
    Question { function: function.into(), arguments }
}

#[test]
fn an_agent_never_hands_out_its_environment() {
    let nothing = Desired::default();
    let refused = answer(&Reach::Agent, &question("env", &["HOME"]), &nothing);
    assert!(matches!(refused, Answer::Refused(why) if why.contains("HOME")));
    let default = answer(&Reach::Agent, &question("env", &["HOME", "none"]), &nothing);
    assert_eq!(default, Answer::Value(Value::text("none")));
}

#[test]
fn a_person_has_an_environment() {
    let variables = BTreeMap::from([("TAG".to_owned(), "v7".to_owned())]);
    let ask = |arguments: &[&str]| {
        answer(&Reach::Person(variables.clone()), &question("env", arguments), &Desired::default())
    };
    assert_eq!(ask(&["TAG", "v1"]), Answer::Value(Value::text("v7")));
    assert_eq!(ask(&["NONE", "v1"]), Answer::Value(Value::text("v1")));
    assert_eq!(ask(&["NONE"]), Answer::Value(Value::text("")), "as measured on Atmos");
}

#[test]
fn an_output_of_nothing_that_is_mocked_is_known_later() {
    let asked = question("terraform.output", &["vpc", "dev", "vpc_id"]);
    assert_eq!(answer(&Reach::Agent, &asked, &Desired::default()), Answer::Later);
    let odd = question("terraform.output", &["vpc", "dev", "a[b"]);
    assert!(matches!(answer(&Reach::Agent, &odd, &Desired::default()), Answer::Failed(_)));
}

#[test]
fn what_cannot_be_answered_is_refused_by_name() {
    let refused = answer(&Reach::Agent, &question("exec", &["rm -rf /"]), &Desired::default());
    assert!(matches!(refused, Answer::Refused(why) if why.contains("!exec")));
}
