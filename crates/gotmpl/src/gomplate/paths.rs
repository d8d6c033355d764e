//! `path.` and `filepath.`, which are the same on every system here.

use super::{Outcome, add, add_with_rest, convert, namespace};
use crate::Failure;
use crate::functions::{Call, Functions, Type};
use crate::sprig::paths::{base, clean, dir, ext};

use Type::Any;

mod pattern;

pub(super) fn register(f: &mut Functions) {
    let m = &mut Functions::none();
    text(m, "Base", |path| base(path).to_owned());
    text(m, "Clean", clean);
    text(m, "Dir", dir);
    text(m, "Ext", |path| ext(path).to_owned());
    add(m, &["IsAbs"], &[Any], |c| {
        Ok(convert::text(&c.value(0), c.meter)?.starts_with('/').into())
    });
    add_with_rest(m, &["Join"], &[], Any, |c| {
        let mut parts = Vec::new();
        for part in c.rest(0) {
            parts.push(convert::text(&part, c.meter)?);
        }
        parts.retain(|part| !part.is_empty());
        Ok(if parts.is_empty() { String::new() } else { clean(&parts.join("/")) }.into())
    });
    add(m, &["Match"], &[Any, Any], |c| {
        let pattern = convert::text(&c.value(0), c.meter)?;
        let name = convert::text(&c.value(1), c.meter)?;
        Ok(pattern::matches(&pattern, &name, c.meter)?.into())
    });
    add(m, &["Split"], &[Any], |c| {
        let path = convert::text(&c.value(0), c.meter)?;
        let (folder, file) = path.split_at(path.rfind('/').map_or(0, |slash| slash + 1));
        Ok(vec![folder.to_owned(), file.to_owned()].into())
    });
    f.add("path", namespace("*funcs.PathFuncs", m.clone()));
    text(m, "FromSlash", str::to_owned);
    text(m, "ToSlash", str::to_owned);
    text(m, "VolumeName", |_| String::new());
    add(m, &["Rel"], &[Any, Any], relative);
    f.add("filepath", namespace("*funcs.FilePathFuncs", m.clone()));
}

fn text(m: &mut Functions, name: &str, change: fn(&str) -> String) {
    add(m, &[name], &[Any], move |c| Ok(change(&convert::text(&c.value(0), c.meter)?).into()));
}

/// The way from one path to another.
fn relative(c: &mut Call<'_>) -> Outcome {
    let from = clean(&convert::text(&c.value(0), c.meter)?);
    let to = clean(&convert::text(&c.value(1), c.meter)?);
    let impossible = || Failure::Message(format!("Rel: can't make {to} relative to {from}"));
    if from.starts_with('/') != to.starts_with('/') {
        return Err(impossible());
    }
    let parts = |path: &str| -> Vec<String> {
        path.split('/').filter(|part| !matches!(*part, "" | ".")).map(str::to_owned).collect()
    };
    let (base, target) = (parts(&from), parts(&to));
    let shared = base.iter().zip(&target).take_while(|(a, b)| a == b).count();
    if base[shared..].iter().any(|part| part == "..") {
        return Err(impossible());
    }
    let up = base[shared..].iter().map(|_| "..".to_owned());
    let way: Vec<String> = up.chain(target[shared..].iter().cloned()).collect();
    Ok(if way.is_empty() { ".".to_owned() } else { way.join("/") }.into())
}
