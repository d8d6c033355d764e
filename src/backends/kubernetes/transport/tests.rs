use super::*;

const KUBECONFIG: &str = "\
apiVersion: v1
kind: Config
current-context: one
clusters:
- { name: a, cluster: { server: 'http://127.0.0.1:7001' } }
- { name: b, cluster: { server: 'http://127.0.0.1:7002' } }
users:
- { name: u, user: {} }
contexts:
- { name: one, context: { cluster: a, user: u } }
- { name: two, context: { cluster: b, user: u } }
- { name: lost, context: { cluster: c, user: u } }
";

/// Where the lines lead that a context of the file names, or why nowhere.
async fn leads(context: Option<&str>) -> Result<String, String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), KUBECONFIG).unwrap();
    let (kubeconfig, context) = (Some(file.path().to_owned()), context.map(str::to_owned));
    let settings = KubernetesSettings { kubeconfig, context, ..KubernetesSettings::default() };
    let lines = Lines::open(&settings).await.map_err(|error| error.to_string())?;
    Ok(lines.config.cluster_url.to_string())
}

#[tokio::test]
async fn a_context_says_which_cluster_it_is() {
    assert_eq!(leads(None).await, Ok("http://127.0.0.1:7001/".to_owned()));
    assert_eq!(leads(Some("two")).await, Ok("http://127.0.0.1:7002/".to_owned()));
    for context in ["three", "lost"] {
        let wrong = leads(Some(context)).await.unwrap_err();
        let named = if context == "lost" { "c" } else { context };
        assert!(wrong.contains(named), "{context}: {wrong}");
    }
}

/// No test runs in a pod.
#[tokio::test]
async fn outside_a_cluster_there_is_none_to_be_in() {
    let opened = Lines::open(&KubernetesSettings::default()).await;
    let wrong = opened.err().expect("nobody says where it is").to_string();
    assert!(wrong.starts_with("no kubeconfig is named"), "{wrong}");
}
