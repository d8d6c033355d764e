use std::os::unix::fs::PermissionsExt as _;

use super::*;

/// A folder with a program under each of `names`, which says that it is of `version`.
fn folder(name: &str, names: &[&str], version: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("isobar-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    for name in names {
        let file = folder.join(name);
        fs::write(&file, format!("#!/bin/sh\necho 'Kubernetes {version}'\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

#[test]
fn a_control_plane_of_somebody_else_is_used_and_our_own_links_are_not() {
    let (links, theirs) =
        (folder("links", INSTALLED, "v1.37.1"), folder("theirs", INSTALLED, "v1.20.0"));
    assert_eq!(found(&[links.join("."), links.clone()], &links), []);
    let all = found(&[links.clone(), theirs.clone()], &links);
    assert!(all.len() == INSTALLED.len() && all.iter().all(|(_, at)| at.starts_with(&theirs)));
    fs::remove_file(theirs.join("etcd")).unwrap();
    assert_eq!(found(std::slice::from_ref(&theirs), &links), []);
    [links, theirs].iter().for_each(|folder| fs::remove_dir_all(folder).unwrap());
}

#[test]
fn an_api_server_alone_is_used_where_the_others_may_go_with_it() {
    let links = folder("no-links", &[], "");
    for (version, is_used) in
        [("v1.36.9", false), ("v1.37.0", true), ("v1.38.2", true), ("v1.39.0", false)]
    {
        let assets = folder(&format!("assets-{version}"), API_SERVER, version);
        let names: Vec<_> = found(std::slice::from_ref(&assets), &links)
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, if is_used { API_SERVER } else { &[] }, "{version}");
        fs::remove_dir_all(assets).unwrap();
    }
    fs::remove_dir_all(links).unwrap();
}
