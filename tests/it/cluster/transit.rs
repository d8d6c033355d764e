//! A key service on loopback: as much of Vault's transit engine as `sops` asks.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use serde_json::{Value as Json, json};

/// Who may ask it.
pub(super) const TOKEN: &str = "a-token-for-tests";

/// What it encrypts is what it is given behind this.
const HEAD: &str = "vault:v1:";

pub(super) struct Transit {
    port: u16,
}

impl Transit {
    /// Serves until the process ends.
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                // Whoever hangs up has no answer.
                std::thread::spawn(move || drop(serve(stream)));
            }
        });
        Self { port }
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut request, mut length, mut may) = (String::new(), 0, false);
    reader.read_line(&mut request)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        match name.to_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "x-vault-token" => may = value.trim() == TOKEN,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let asked: Json = serde_json::from_slice(&body).unwrap_or_default();
    let text = |field: &str| asked[field].as_str().unwrap_or_default().to_owned();
    let (status, told) = match may {
        false => ("403 Forbidden", json!({"errors": ["permission denied"]})),
        true if request.contains("/encrypt/") => {
            ("200 OK", json!({"data": {"ciphertext": format!("{HEAD}{}", text("plaintext"))}}))
        }
        true => {
            let plain = text("ciphertext").replacen(HEAD, "", 1);
            ("200 OK", json!({"data": {"plaintext": plain}}))
        }
    };
    let told = told.to_string();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{told}",
        told.len()
    )
}
