//! The model, proven wide enough: what terraform and Kubernetes say, carried through a plan and
//! into a report; and the laws of digests.

mod digest;
mod kubernetes;
mod terraform;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use super::question::Question;
use super::value::{Node, Value};
use crate::ids::ContentId;
use crate::secret::Secret;

/// The same values at every run.
pub(crate) fn config() -> Config {
    Config {
        rng_seed: RngSeed::Fixed(0x1505),
        failure_persistence: None,
        ..Config::with_cases(256)
    }
}

/// Every value there is but for scalars that are not typed yet.
pub(crate) fn values() -> impl Strategy<Value = Value> {
    let special = prop_oneof![
        any::<f64>().prop_map(Node::Float),
        prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY)]
            .prop_map(Node::Float),
        ("[a-z.]{1,8}", proptest::collection::vec("[a-z$]{0,3}", 0..3)).prop_map(
            |(function, arguments)| {
                let arguments = arguments.into_iter().map(Into::into).collect();
                Node::Unknown(Question { function: function.into(), arguments }.into())
            }
        ),
        "[a-z:]{1,8}".prop_map(|handle| {
            let state = ContentId::of(&handle);
            Node::Secret(Secret::new(handle, state).into())
        }),
    ];
    tree(prop_oneof![2 => plain(), 1 => special.prop_map(Value::computed)])
}

/// Values that every format can hold.
pub(crate) fn known() -> impl Strategy<Value = Value> {
    tree(plain())
}

fn plain() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Node::Null),
        any::<bool>().prop_map(Node::Bool),
        any::<i64>().prop_map(Node::Int),
        (1_u64 << 63..=u64::MAX).prop_map(Node::Uint),
        (-1_000_000_i64..1_000_000).prop_map(|n| Node::Float(n as f64 / 64.0 + 0.5 / 64.0)),
        "[ -~äß\n\t]{0,12}".prop_map(|text| Node::Str(text.into())),
        prop_oneof![Just("yes"), Just("0644"), Just("1e3"), Just("null"), Just("- a"), Just("#")]
            .prop_map(|text| Node::Str(text.into())),
    ]
    .prop_map(Value::computed)
}

fn tree(leaf: impl Strategy<Value = Value> + 'static) -> impl Strategy<Value = Value> {
    leaf.prop_recursive(4, 24, 4, |inner| {
        let key = prop_oneof!["[a-z]{0,3}", "\\$[a-z$]{0,7}", "[ -~]{0,4}"];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| Node::List(items.into())),
            proptest::collection::vec((key, inner), 0..4).prop_map(|entries| {
                Node::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
            }),
        ]
        .prop_map(Value::computed)
    })
}
