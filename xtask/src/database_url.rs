//! A database's URL under another login, or for another database of the same server.

use anyhow::{Context, Result};

/// The same server and database under another login. Neither name nor password may need an escape.
pub fn with_login(url: &str, name: &str, password: &str) -> Result<String> {
    let (scheme, rest) = url
        .split_once("://")
        .with_context(|| "DATABASE_URL is not a URL".to_owned())?;
    let authority_end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(authority_end);
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    Ok(format!("{scheme}://{name}:{password}@{host}{tail}"))
}

/// The same server and login, another database.
pub fn with_database(url: &str, database: &str) -> Result<String> {
    let (scheme, rest) = url
        .split_once("://")
        .with_context(|| "DATABASE_URL is not a URL".to_owned())?;
    let (before_options, options) = rest
        .split_once('?')
        .map_or((rest, None), |(before, options)| (before, Some(options)));
    let authority = before_options
        .split_once('/')
        .map_or(before_options, |(authority, _)| authority);
    let options = options
        .map(|options| format!("?{options}"))
        .unwrap_or_default();
    Ok(format!("{scheme}://{authority}/{database}{options}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_replaces_the_owners_and_nothing_else() {
        let url = "postgres://owner:p%40ss@db.example:5432/cartwright?sslmode=require";
        let worker = with_login(url, "cartwright_worker", "s3cret").expect("a URL");
        assert_eq!(
            worker,
            "postgres://cartwright_worker:s3cret@db.example:5432/cartwright?sslmode=require"
        );
        assert_eq!(
            with_login("postgres://127.0.0.1", "a", "b").expect("a URL"),
            "postgres://a:b@127.0.0.1"
        );
    }

    #[test]
    fn a_database_replaces_the_one_named_and_keeps_the_options() {
        let url = "postgres://owner:pw@db.example/one?sslmode=require";
        assert_eq!(
            with_database(url, "two").expect("a URL"),
            "postgres://owner:pw@db.example/two?sslmode=require"
        );
        assert_eq!(
            with_database("postgres://o@h", "two").expect("a URL"),
            "postgres://o@h/two"
        );
    }
}
