//! Sets of fields as the API server writes them.

use expect_test::expect;
use serde_json::json;

use super::*;

fn fields(json: &Json) -> Fields {
    Fields::read(json)
}

fn deployment() -> Json {
    json!({
        "metadata": {"labels": {"app": "web", "team": "shop"}, "name": "web"},
        "spec": {
            "replicas": 3,
            "template": {"spec": {"containers": [
                {"name": "proxy", "image": "proxy:1"},
                {"name": "web", "image": "web:1", "ports": [
                    {"containerPort": 80, "protocol": "TCP"}, {"containerPort": 81, "protocol": "TCP"}
                ], "args": ["-v"]},
            ]}},
        },
        "finalizers": ["ours", "theirs"],
    })
}

fn owned() -> Json {
    json!({
        "f:metadata": {"f:labels": {"f:app": {}}},
        "f:spec": {"f:template": {"f:spec": {"f:containers": {
            "k:{\"name\":\"web\"}": {
                ".": {}, "f:args": {}, "f:image": {}, "f:name": {},
                "f:ports": {"k:{\"containerPort\":81,\"protocol\":\"TCP\"}": {".": {}}},
            }
        }}}},
        "f:finalizers": {"v:\"ours\"": {}},
    })
}

#[test]
fn only_what_is_named_is_taken() {
    let part = fields(&owned()).of(&deployment()).unwrap();
    expect![[r#"
        {
          "metadata": {
            "labels": {
              "app": "web"
            }
          },
          "spec": {
            "template": {
              "spec": {
                "containers": [
                  {
                    "name": "web",
                    "image": "web:1",
                    "ports": [
                      {
                        "containerPort": 81,
                        "protocol": "TCP"
                      }
                    ],
                    "args": [
                      "-v"
                    ]
                  }
                ]
              }
            }
          },
          "finalizers": [
            "ours"
          ]
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&part).unwrap());
}

#[test]
fn paths_lead_to_the_fields_in_the_object() {
    let paths: Vec<_> =
        fields(&owned()).paths(&deployment()).iter().map(ToString::to_string).collect();
    expect![[r#"
        [
            "metadata.labels.app",
            "spec.template.spec.containers[1].name",
            "spec.template.spec.containers[1].image",
            "spec.template.spec.containers[1].args",
            "finalizers[0]",
        ]
    "#]]
    .assert_debug_eq(&paths);
}

#[test]
fn a_map_of_its_own_is_not_what_others_put_into_it() {
    let map = fields(&json!({"f:labels": {".": {}}}));
    assert_eq!(map.of(&json!({"labels": {"a": "1"}})), Some(json!({"labels": {}})));
    let whole = fields(&json!({"f:labels": {}}));
    assert_eq!(whole.of(&json!({"labels": {"a": "1"}})), Some(json!({"labels": {"a": "1"}})));
}

#[test]
fn two_sets_together_have_the_fields_of_both() {
    let one = fields(&json!({"f:a": {"f:x": {}}, "f:b": {}}));
    let other = fields(&json!({"f:a": {"f:y": {}}, "f:c": {}}));
    let object = json!({"a": {"x": 1, "y": 2, "z": 3}, "b": 4, "c": 5, "d": 6});
    let both = json!({"a": {"x": 1, "y": 2}, "b": 4, "c": 5});
    assert_eq!(one.or(&other).of(&object), Some(both.clone()));
    assert_eq!(other.or(&one).of(&object), Some(both));
}

#[test]
fn what_has_no_known_form_is_not_owned() {
    let odd = fields(&json!({"f:a": {}, "x:b": {}, "k:not json": {}, "i:-1": {}}));
    assert_eq!(odd.of(&json!({"a": 1, "b": 2})), Some(json!({"a": 1})));
    assert!(fields(&json!("text")).is_empty());
}

#[test]
fn what_is_too_deep_is_owned_as_a_whole() {
    let deep = |levels| (0..levels).fold(json!({}), |below, _| json!({"f:a": below}));
    let depth = |fields: &Fields| {
        let mut object = json!(1);
        (0..=DEPTH_MAX + 1).for_each(|_| object = json!({"a": object.take()}));
        fields.paths(&object)[0].0.len()
    };
    assert_eq!(depth(&fields(&deep(DEPTH_MAX))), DEPTH_MAX);
    assert_eq!(depth(&fields(&deep(DEPTH_MAX + 1))), DEPTH_MAX);
}

#[test]
fn a_fingerprint_does_not_depend_on_order() {
    let [one, other] = [r#"{"a":1,"b":[1,2]}"#, r#"{"b":[1,2],"a":1}"#];
    let of = |text: &str| fingerprint(&serde_json::from_str(text).unwrap());
    assert_eq!(of(one), of(other));
    assert_ne!(of(one), of(r#"{"a":1,"b":[2,1]}"#));
}

#[test]
fn a_set_has_what_it_names_and_no_more() {
    let ours = fields(&json!({"f:a": {".": {}, "f:x": {}, "f:y": {}}, "f:b": {}}));
    for (other, has) in [
        (json!({}), true),
        (json!({"f:a": {".": {}, "f:x": {}}}), true),
        (json!({"f:a": {"f:z": {}}}), false),
        (json!({"f:c": {}}), false),
        // The map alone is there with any part of it; all of it is not whatever is said to be in it.
        (json!({"f:a": {}}), true),
        (json!({"f:b": {"f:x": {}}}), false),
    ] {
        assert_eq!(fields(&other).without(&ours).is_empty(), has, "{other}");
    }
}

#[test]
fn a_canonical_text_is_sorted_and_says_all_of_the_value() {
    let value = json!({
        "b": [1, 1.5, true, null, "\u{1}\"\\"], "a": {}, "": [], "ü\n": "é", "q\"\\": {"z": 0, "y": {}},
    });
    let text = canonical(&value);
    assert_eq!(serde_json::from_str::<Json>(&text).unwrap(), value);
    assert_eq!(
        text,
        r#"{"":[],"a":{},"b":[1,1.5,true,null,"\u0001\"\\"],"q\"\\":{"y":{},"z":0},"ü\n":"é"}"#
    );
}

#[test]
fn what_is_not_there_is_no_field_of_it() {
    let all = fields(&json!({
        "f:a": {".": {}, "f:x": {}, "f:gone": {}},
        "f:emptied": {"f:gone": {}},
        "f:gone": {},
        "f:list": {
            "k:{\"name\":\"one\"}": {".": {}, "f:name": {}, "f:gone": {}},
            "k:{\"name\":\"gone\"}": {".": {}},
        },
        "f:set": {"v:\"x\"": {}, "v:\"gone\"": {}},
    }));
    let object =
        json!({"a": {"x": 1}, "emptied": {}, "list": [{"name": "one"}], "set": ["y", "x"]});
    let there = fields(&json!({
        "f:a": {".": {}, "f:x": {}},
        "f:list": {"k:{\"name\":\"one\"}": {".": {}, "f:name": {}}},
        "f:set": {"v:\"x\"": {}},
    }));
    assert_eq!(all.within(&object), there);
}
