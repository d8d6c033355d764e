use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;

use super::*;

#[test]
fn a_body_has_a_line_for_each_part() {
    let body = serde_json::json!({"kind": "Secret", "data": {"a": "b\nc", "d": [1, {}]}});
    let text = String::from_utf8(lines(&body).unwrap()).unwrap();
    assert_eq!(text.lines().map(str::len).max(), Some("\"kind\": \"Secret\",".len()), "{text}");
    assert_eq!(serde_json::from_str::<Json>(&text).unwrap(), body);
}

/// A connection to a port of this machine, where TLS is spoken.
async fn to(port: u16) -> Connection {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kubeconfig");
    let text = format!(
        "{{apiVersion: v1, kind: Config, current-context: c, users: [{{name: u, user: {{}}}}],\n\
         contexts: [{{name: c, context: {{cluster: c, user: u}}}}],\n\
         clusters: [{{name: c, cluster: {{server: 'https://127.0.0.1:{port}'}}}}]}}"
    );
    std::fs::write(&path, text).unwrap();
    let settings = KubernetesSettings { kubeconfig: Some(path), ..Default::default() };
    let connection = Connection::new(TargetName::new("c").unwrap(), settings, World::real());
    connection.lines().await.unwrap();
    connection
}

/// That whoever is there is away, and is then left alone for a while.
async fn is_away(port: u16) {
    let connection = to(port).await;
    let asked = async || connection.read(Call::get("/api".to_owned())).await;
    for _ in 0..2 {
        let answer = asked().await;
        assert!(matches!(answer, Err(Failure::Away(_))), "{answer:?}");
    }
    assert_eq!(connection.requests(), 1, "it is not asked again at once");
}

#[tokio::test]
async fn a_hole_is_away() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let hole = socket.listen(0).unwrap();
    let port = hole.local_addr().unwrap().port();
    // Nobody takes it up, and there is room for no other.
    let _waits = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    is_away(port).await;
}

#[tokio::test]
async fn who_speaks_otherwise_is_away() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut server = JoinSet::new();
    server.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _gone = stream.write_all(b"HTTP/1.0 400 Bad Request\r\n\r\n").await;
        }
    });
    is_away(port).await;
}
