//! Whether a child of ours is the one that answers: it lives, the listening socket is its own, and it talks sense.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use ureq::Agent;

/// How long one probe may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// How to ask a program whether it is ready.
#[derive(Clone, Debug)]
pub enum Probe {
    /// A startup packet gets a request for authentication, and `postmaster.pid` in this data folder says "ready".
    Postgres(std::path::PathBuf),
    /// With this password, PING gets PONG.
    Redis(String),
    /// This path gets any answer.
    HttpAny(&'static str),
    /// This path gets a 200.
    HttpOk(&'static str),
}

impl Probe {
    /// Ask once. `Err` says what is missing.
    pub fn ask(&self, pid: u32, address: &str) -> Result<(), String> {
        if owns_listener(pid, address) == Some(false) {
            return Err(format!("it does not listen on {address} yet"));
        }
        match self {
            Self::Postgres(data) => postgres(pid, data, address),
            Self::Redis(password) => redis(password, address),
            Self::HttpAny(path) => http(address, path).map(drop),
            Self::HttpOk(path) => match http(address, path)? {
                (200, _) => Ok(()),
                (_, body) => Err(body),
            },
        }
    }
}

/// An HTTP client that takes every status for an answer.
pub fn agent(timeout: Duration) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(timeout))
        .build()
        .into()
}

fn http(address: &str, path: &str) -> Result<(u16, String), String> {
    let answer = agent(PATIENCE)
        .get(format!("http://{address}{path}"))
        .call();
    let mut answer = answer.map_err(|error| error.to_string())?;
    let body = answer.body_mut().read_to_string().unwrap_or_default();
    Ok((answer.status().as_u16(), body))
}

fn connect(address: &str) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

fn postgres(pid: u32, data: &std::path::Path, address: &str) -> Result<(), String> {
    let state =
        std::fs::read_to_string(data.join("postmaster.pid")).map_err(|error| error.to_string())?;
    let mut lines = state.lines();
    if lines.next() != Some(pid.to_string().as_str()) {
        return Err("postmaster.pid names another process".to_owned());
    }
    if lines.nth(6).map(str::trim) != Some("ready") {
        return Err("it is starting up".to_owned());
    }
    match postgres_greeting(address) {
        Ok(b'R') => Ok(()),
        Ok(other) => Err(format!(
            "it answered {:?} to a startup packet",
            char::from(other)
        )),
        Err(error) => Err(error.to_string()),
    }
}

/// The first byte of the answer to a startup packet: `R` asks for authentication, `E` is an error.
fn postgres_greeting(address: &str) -> std::io::Result<u8> {
    const PROTOCOL: u32 = 3 << 16;
    let parameters = b"user\0postgres\0database\0postgres\0\0";
    let length = u32::try_from(8 + parameters.len()).expect("a few dozen bytes");
    let mut stream = connect(address)?;
    stream.write_all(
        &[
            &length.to_be_bytes()[..],
            &PROTOCOL.to_be_bytes(),
            parameters,
        ]
        .concat(),
    )?;
    let mut kind = [0];
    stream.read_exact(&mut kind)?;
    Ok(kind[0])
}

fn redis(password: &str, address: &str) -> Result<(), String> {
    let ask = || {
        let mut stream = connect(address)?;
        stream.write_all(format!("AUTH {password}\r\nPING\r\nQUIT\r\n").as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        std::io::Result::Ok(answer)
    };
    let answer = ask().map_err(|error| error.to_string())?;
    if answer.contains("+PONG") {
        Ok(())
    } else {
        Err(answer)
    }
}

/// Whether a socket that listens on this address belongs to this process; none where the system does not tell.
fn owns_listener(pid: u32, address: &str) -> Option<bool> {
    const LISTENING: &str = "0A";
    let port: u16 = address.rsplit_once(':')?.1.parse().ok()?;
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"]
        .map(|table| std::fs::read_to_string(table).unwrap_or_default());
    let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
    let own: Vec<String> = descriptors
        .filter_map(|entry| {
            std::fs::read_link(entry.ok()?.path())
                .ok()?
                .to_str()
                .map(str::to_owned)
        })
        .collect();
    Some(
        tables
            .iter()
            .flat_map(|table| table.lines().skip(1))
            .any(|line| {
                let columns: Vec<&str> = line.split_whitespace().collect();
                columns.len() > 9
                    && columns[1].ends_with(&format!(":{port:04X}"))
                    && columns[3] == LISTENING
                    && own.contains(&format!("socket:[{}]", columns[9]))
            }),
    )
}
