//! List functions. Each makes a new list.

use super::cast::{to_int64, to_text, to_texts};
use super::reflect::deep_equal;
use super::{Outcome, add, add_with_rest};
use crate::Failure;
use crate::builtins::part;
use crate::functions::{Call, Functions, Type};
use crate::value::{Element, List, Value};

use Type::{Any, Int};

pub(super) fn register(f: &mut Functions) {
    add_with_rest(f, &["list", "tuple"], &[], Any, |c| Ok(c.rest(0).into()));
    add(f, &["append", "push", "mustAppend", "mustPush"], &[Any, Any], |c| {
        let list = c.list(0, "push on")?;
        Ok(list.items().iter().cloned().chain([c.value(1)]).collect::<Vec<_>>().into())
    });
    add(f, &["prepend", "mustPrepend"], &[Any, Any], |c| {
        let list = c.list(0, "prepend on")?;
        Ok([c.value(1)].into_iter().chain(list.items().iter().cloned()).collect::<Vec<_>>().into())
    });
    add(f, &["first", "mustFirst"], &[Any], |c| {
        Ok(c.list(0, "find first on")?.items().first().cloned().unwrap_or(Value::Nil))
    });
    add(f, &["last", "mustLast"], &[Any], |c| {
        Ok(c.list(0, "find last on")?.items().last().cloned().unwrap_or(Value::Nil))
    });
    add(f, &["rest", "mustRest"], &[Any], |c| {
        Ok(match c.list(0, "find rest on")?.items() {
            [] => List::nil(Element::Any).into(),
            [_, rest @ ..] => rest.to_vec().into(),
        })
    });
    add(f, &["initial", "mustInitial"], &[Any], |c| {
        Ok(match c.list(0, "find initial on")?.items() {
            [] => List::nil(Element::Any).into(),
            [initial @ .., _] => initial.to_vec().into(),
        })
    });
    add(f, &["reverse", "mustReverse"], &[Any], |c| {
        let list = c.list(0, "find reverse on")?;
        Ok(list.items().iter().rev().cloned().collect::<Vec<_>>().into())
    });
    add(f, &["compact", "mustCompact"], &[Any], |c| {
        let list = c.list(0, "compact on")?;
        Ok(list.items().iter().filter(|v| v.is_true()).cloned().collect::<Vec<_>>().into())
    });
    add(f, &["uniq", "mustUniq"], &[Any], uniq);
    add_with_rest(f, &["without", "mustWithout"], &[Any], Any, without);
    add(f, &["has", "mustHas"], &[Any, Any], |c| {
        if let Value::Nil = c.value(1) {
            return Ok(false.into());
        }
        let list = c.list(1, "find has on")?;
        Ok(is_in(list.items(), &c.value(0), c)?.into())
    });
    add_with_rest(f, &["slice", "mustSlice"], &[Any], Any, slice);
    add_with_rest(f, &["concat"], &[], Any, concat);
    add(f, &["chunk", "mustChunk"], &[Int, Any], chunk);
    add(f, &["sortAlpha"], &[Any], |c| match c.value(0) {
        list @ Value::List(_) => {
            let mut texts = to_texts(&list, c.meter)?;
            texts.sort();
            Ok(texts.into())
        }
        other => Ok(vec![to_text(&other, c.meter)?].into()),
    });
}

fn uniq(c: &mut Call<'_>) -> Outcome {
    let list = c.list(0, "find uniq on")?;
    let mut kept = Vec::new();
    for item in list.items() {
        if !is_in(&kept, item, c)? {
            kept.push(item.clone());
        }
    }
    Ok(kept.into())
}

fn without(c: &mut Call<'_>) -> Outcome {
    let list = c.list(0, "find without on")?;
    let omitted = c.rest(1);
    let mut kept = Vec::new();
    for item in list.items() {
        if !is_in(&omitted, item, c)? {
            kept.push(item.clone());
        }
    }
    Ok(kept.into())
}

fn is_in(items: &[Value], wanted: &Value, c: &mut Call<'_>) -> Result<bool, Failure> {
    for item in items {
        if deep_equal(wanted, item, c.meter)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn slice(c: &mut Call<'_>) -> Outcome {
    let Value::List(list) = c.value(0) else {
        let kind = c.value(0).kind_name().to_owned();
        return Err(format!("list should be type of slice or array but {kind}").into());
    };
    if list.is_empty() {
        return Ok(Value::Nil);
    }
    let bound = |i: usize, otherwise: usize| match c.args().get(i) {
        Some(value) => usize::try_from(to_int64(value)).ok().filter(|at| *at <= list.len()),
        None => Some(otherwise),
    };
    match (bound(1, 0), bound(2, list.len())) {
        (Some(from), Some(to)) if from <= to => Ok(part(&list, from, to).into()),
        _ => Err("reflect.Value.Slice: slice index out of bounds".into()),
    }
}

fn concat(c: &mut Call<'_>) -> Outcome {
    let mut items = Vec::new();
    for value in c.rest(0) {
        let Value::List(list) = &value else {
            return Err(format!("Cannot concat type {} as list", value.kind_name()).into());
        };
        c.meter.spend(list.len())?;
        items.extend_from_slice(list.items());
    }
    Ok(if items.is_empty() { List::nil(Element::Any).into() } else { items.into() })
}

fn chunk(c: &mut Call<'_>) -> Outcome {
    let list = c.list(1, "chunk")?;
    let size = usize::try_from(c.int(0)?).ok().filter(|size| *size > 0);
    let size = size.ok_or("a chunk needs a size above zero")?;
    let chunks = list.items().chunks(size).map(|chunk| Value::from(chunk.to_vec())).collect();
    Ok(List::of(Element::AnyList, chunks).into())
}
