//! An object store of our own: `cartwright-dev-s3` over a folder, with a key pair of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::Member;
use crate::place;
use crate::probe::Probe;
use crate::process::{Program, Signal};
use crate::wiring::ObjectStore;

/// The bucket's name where nobody chose another.
pub const BUCKET: &str = "cartwright";

/// Say how to run it, and how the roles reach it.
pub fn prepare(
    folder: &Path,
    port: u16,
    secret: &str,
    log: PathBuf,
) -> Result<(Member, ObjectStore)> {
    std::fs::create_dir_all(folder)?;
    let aws = BTreeMap::from([
        ("AWS_ACCESS_KEY_ID".to_owned(), "cartwright".to_owned()),
        ("AWS_SECRET_ACCESS_KEY".to_owned(), secret.to_owned()),
        ("AWS_REGION".to_owned(), "us-east-1".to_owned()),
    ]);
    let address = format!("127.0.0.1:{port}");
    let arguments = [
        "--listen",
        &address,
        "--folder",
        &folder.display().to_string(),
        "--bucket",
        BUCKET,
    ];
    let member = Member {
        program: Program {
            name: "s3".to_owned(),
            path: place::binary("cartwright-dev-s3"),
            arguments: arguments.map(str::to_owned).into(),
            environment: aws.clone(),
            identity: None,
            log,
            on_our_death: Signal::KILL,
        },
        address: address.clone(),
        probe: Probe::HttpAny("/"),
        goodbye: Signal::TERM,
    };
    Ok((
        member,
        ObjectStore {
            endpoint: Some(format!("http://{address}")),
            bucket: BUCKET.to_owned(),
            aws,
        },
    ))
}

/// The store that the environment gives, if it does.
pub fn given() -> Option<ObjectStore> {
    let endpoint = std::env::var("S3_ENDPOINT").ok();
    let bucket = std::env::var("S3_BUCKET").ok();
    if endpoint.is_none() && bucket.is_none() {
        return None;
    }
    let aws = std::env::vars()
        .filter(|(name, _)| name.starts_with("AWS_"))
        .collect();
    Some(ObjectStore {
        endpoint,
        bucket: bucket.unwrap_or_else(|| BUCKET.to_owned()),
        aws,
    })
}
