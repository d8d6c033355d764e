use super::*;
use crate::model::value::Origin;

const ONE: &str = "ENC[AES256_GCM,data:YQ==,iv:aXY=,tag:dGFn,type:str]";
const TWO: &str = "ENC[AES256_GCM,data:Yg==,iv:aXY=,tag:dGFn,type:int]";

fn file(text: &str) -> (Cipher, Vec<Value>) {
    let documents = yaml::written(text, Origin::NONE).unwrap();
    (Cipher::of_file(text, "yaml", &documents).unwrap(), documents)
}

fn shown(value: &Value) -> String {
    let mut found = String::new();
    secrets(&FieldPath::root(), value, &mut |path, secret| {
        let formula = Formula::read(secret).unwrap();
        found += &format!("{path} {:?} {}\n", formula.form, formula.text);
    });
    found
}

#[test]
fn what_a_file_has_encrypted_is_secret_and_the_rest_is_not() {
    let text = format!("a: {ONE}\nb:\n- x\n- c: {TWO}\nsops: {{ mac: m }}\n---\nd: plain\n");
    let (cipher, documents) = file(&text);
    let hidden = hidden(&without_about(&documents[0]), &[Arc::new(cipher)], &|_| false).unwrap();
    assert_eq!(shown(&hidden), format!("a Value {ONE}\nb[1].c Value {TWO}\n"));
    assert_eq!(secret_fields(&hidden), ["a", "b"].map(|key| FieldPath::root().key(key)));
    assert!(hidden.get("sops").is_none());
}

#[test]
fn a_secret_may_be_a_part_of_a_text_and_of_what_is_in_base64() {
    let (cipher, _) = file(&format!("a: {ONE}\nb: {TWO}\nsops: {{ mac: m }}\n"));
    let ciphers = [Arc::new(cipher)];
    let formula = Formula::of(&format!("x:{ONE}@{TWO}/y"), &ciphers).unwrap().unwrap();
    assert_eq!(
        formula.parts().collect::<Vec<_>>(),
        [
            Part::Plain("x:"),
            Part::Encrypted(ONE),
            Part::Plain("@"),
            Part::Encrypted(TWO),
            Part::Plain("/y")
        ]
    );
    assert_eq!(formula.form, Form::Text);
    let value = Value::text(encoded(format!("p={ONE}").as_bytes()));
    let hidden_there = hidden(&value, &ciphers, &|_| true).unwrap();
    assert_eq!(shown(&hidden_there), format!(" Base64 p={ONE}\n"));
    assert_eq!(hidden(&value, &ciphers, &|_| false).unwrap(), value);
}

#[test]
fn a_value_of_nobody_known_is_refused() {
    let (cipher, _) = file(&format!("a: {ONE}\nsops: {{ mac: m }}\n"));
    let ciphers = [Arc::new(cipher)];
    for odd in [TWO.to_owned(), format!("{ONE}{TWO}"), "ENC[AES256_GCM,data:cut".to_owned()] {
        assert_eq!(Formula::of(&odd, &ciphers), Err(Undecipherable), "{odd}");
    }
    assert_eq!(Formula::of("plain", &ciphers), Ok(None));
}

#[test]
fn a_part_is_handed_on_with_nothing_around_what_is_encrypted() {
    let text = format!("a: plain\nb:\n- x\n- {ONE}\nsops: {{ mac: m, age: [k] }}\n");
    let value = &yaml::written(&text, Origin::NONE).unwrap()[0];
    let cipher = Cipher::of_part(value).unwrap();
    assert_eq!(&*cipher.text, format!(r#"{{"b":["","{ONE}"],"sops":{{"mac":"m","age":["k"]}}}}"#));
    assert!(!cipher.is_whole && cipher.has(ONE));
    let clear = cipher.clear("b:\n- ''\n- \"yes\"\n");
    assert_eq!(clear.get(ONE).unwrap().as_str(), Some("yes"));
    assert_eq!(Cipher::of_part(&without_about(value)), None);
}

#[test]
fn what_the_program_leaves_as_it_is_is_not_in_the_clear() {
    let (cipher, _) = file(&format!("a: {ONE}\nb: {TWO}\nsops: {{ mac: m }}\n"));
    let clear = cipher.clear(&format!("a: {ONE}\nb: 5432\n"));
    assert_eq!(clear.keys().map(|key| &**key).collect::<Vec<_>>(), [TWO]);
    assert_eq!(text_of(&clear[TWO]), "5432");
}

#[test]
fn the_same_values_in_another_file_are_another_secret() {
    let secret = |about: &str| {
        let (cipher, documents) = file(&format!("a: {ONE}\nsops: {{ mac: {about} }}\n"));
        let value = without_about(&documents[0]);
        hidden(&value, &[Arc::new(cipher)], &|_| false).unwrap()
    };
    assert_eq!(secret("m"), secret("m"));
    assert_ne!(secret("m"), secret("n"));
}
