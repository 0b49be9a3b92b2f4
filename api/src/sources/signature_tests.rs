use http::{HeaderName, HeaderValue};

use super::*;

const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const AT: i64 = 1_614_265_330;
const BODY: &[u8] = br#"{"test": 2432232314}"#;

fn headers(of: &[(&str, &str)]) -> HeaderMap {
    let header = |(name, value): &(&str, &str)| {
        let name: HeaderName = name.parse().unwrap();
        (name, HeaderValue::from_bytes(value.as_bytes()).unwrap())
    };
    of.iter().map(header).collect()
}

/// The vector that the libraries of Standard Webhooks share.
fn standard() -> HeaderMap {
    headers(&[
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        (
            "webhook-signature",
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
    ])
}

fn secret() -> Vec<u8> {
    STANDARD.decode(SECRET).unwrap()
}

fn check_standard(
    headers: &HeaderMap,
    body: &[u8],
    secrets: &[Vec<u8>],
    now_s: i64,
) -> Result<(), Refusal> {
    check(
        Scheme::StandardWebhooks,
        &Settings::default(),
        headers,
        body,
        secrets,
        now_s,
    )
}

#[test]
fn the_published_vectors_fit() {
    assert_eq!(check_standard(&standard(), BODY, &[secret()], AT), Ok(()));
    let github = headers(&[(
        "x-hub-signature-256",
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    )]);
    let key = b"It's a Secret to Everybody".to_vec();
    let body = b"Hello, World!";
    assert_eq!(
        check(
            Scheme::Github,
            &Settings::default(),
            &github,
            body,
            &[key],
            AT
        ),
        Ok(())
    );
}

#[test]
fn five_minutes_are_in_time_to_the_second_and_not_one_more() {
    for (now_s, expected) in [
        (AT + 300, Ok(())),
        (AT - 300, Ok(())),
        (AT + 301, Err(Refusal::Time)),
        (AT - 301, Err(Refusal::Time)),
        (i64::MAX / 2, Err(Refusal::Time)),
        (0, Err(Refusal::Time)),
    ] {
        assert_eq!(
            check_standard(&standard(), BODY, &[secret()], now_s),
            expected,
            "{now_s}"
        );
    }
    for at in [
        "",
        "-1",
        "+1614265330",
        " 1614265330",
        "1614265330.0",
        "1e9",
        "99999999999999999999",
        "١",
    ] {
        let mut headers = standard();
        headers.insert(
            "webhook-timestamp",
            HeaderValue::from_bytes(at.as_bytes()).unwrap(),
        );
        assert!(
            check_standard(&headers, BODY, &[secret()], AT).is_err(),
            "{at}"
        );
    }
}

#[test]
fn any_secret_and_any_signature_of_a_rotation_fit() {
    let other = vec![7; 32];
    assert_eq!(
        check_standard(&standard(), BODY, &[other.clone(), secret()], AT),
        Ok(())
    );
    assert_eq!(
        check_standard(&standard(), BODY, std::slice::from_ref(&other), AT),
        Err(Refusal::Signature)
    );
    assert_eq!(
        check_standard(&standard(), BODY, &[], AT),
        Err(Refusal::Signature)
    );
    let list = |list: &str| {
        let mut headers = standard();
        headers.insert("webhook-signature", HeaderValue::from_str(list).unwrap());
        check_standard(&headers, BODY, &[secret()], AT)
    };
    let good = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    assert_eq!(list(&format!("v1,AAAA v1a,xyz {good}")), Ok(()));
    assert_eq!(
        list(&format!("v1a,{}", &good[3..])),
        Err(Refusal::Signature)
    );
    assert_eq!(list(&good[3..]), Err(Refusal::Signature));
    assert_eq!(
        list(&format!("{}{good}", "v1,AAAA ".repeat(SIGNATURES_MAX))),
        Err(Refusal::Signature)
    );
    let mut twice = standard();
    twice.append("webhook-signature", HeaderValue::from_static("v1,AAAA"));
    assert_eq!(
        check_standard(&twice, BODY, &[secret()], AT),
        Err(Refusal::Header)
    );
}

#[test]
fn a_plain_hmac_is_as_its_settings_say() {
    // As of the signatures that Slack documents: "v0=" and the hex of HMAC-SHA256 over "v0:time:body".
    let settings = Settings {
        signature_header: "x-slack-signature".to_owned(),
        prefix: "v0=".to_owned(),
        signed: "v0:{timestamp}:{body}".to_owned(),
        timestamp_header: Some("x-slack-request-timestamp".to_owned()),
        ..Settings::default()
    };
    let body = b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    let sent = headers(&[
        (
            "x-slack-signature",
            "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        ),
        ("x-slack-request-timestamp", "1531420618"),
    ]);
    let key = b"8f742231b10e8888abcd99yyyzzz85a5".to_vec();
    let checked = |now_s| {
        check(
            Scheme::Hmac,
            &settings,
            &sent,
            body,
            std::slice::from_ref(&key),
            now_s,
        )
    };
    assert_eq!(checked(1_531_420_618), Ok(()));
    assert_eq!(checked(1_531_420_919), Err(Refusal::Time));

    let long = Settings {
        algorithm: Algorithm::Sha512,
        encoding: Encoding::Base64,
        signed: "{id}/{body}".to_owned(),
        id_header: Some("x-id".to_owned()),
        ..Settings::default()
    };
    let mut mac = <Hmac<Sha512> as KeyInit>::new_from_slice(b"key").unwrap();
    mac.update(b"7/{\"{id}\": 1}");
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let sent = headers(&[("x-signature", &signature), ("x-id", "7")]);
    let keys = [b"key".to_vec()];
    assert_eq!(
        check(Scheme::Hmac, &long, &sent, b"{\"{id}\": 1}", &keys, 0),
        Ok(())
    );
    let other = headers(&[("x-signature", &signature), ("x-id", "8")]);
    assert_eq!(
        check(Scheme::Hmac, &long, &other, b"{\"{id}\": 1}", &keys, 0),
        Err(Refusal::Signature)
    );
}

/// A generator of our own, so that a failure is found again by its seed.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below as u64).unwrap()
    }

    /// The same bytes but for one change: a bit, a byte more or less, two places exchanged, a cut.
    fn mutated(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut changed = bytes.to_vec();
        let at = self.next(changed.len().max(1));
        match self.next(5) {
            _ if changed.is_empty() => changed.push(b'x'),
            0 => changed[at] ^= 1 << self.next(8),
            1 => changed.insert(at, u8::try_from(32 + self.next(95)).unwrap()),
            2 => drop(changed.remove(at)),
            3 => changed.truncate(at),
            _ => {
                let other = self.next(changed.len());
                changed.swap(at, other);
            }
        }
        changed
    }
}

#[test]
fn no_mutated_webhook_is_believed() {
    let hmac = Settings {
        signed: "{id}.{timestamp}.{body}".to_owned(),
        timestamp_header: Some("webhook-timestamp".to_owned()),
        id_header: Some("webhook-id".to_owned()),
        prefix: "sha256=".to_owned(),
        ..Settings::default()
    };
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&secret()).unwrap();
    mac.update(BODY);
    let of_body = mac.finalize().into_bytes();
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&secret()).unwrap();
    mac.update(b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.");
    mac.update(BODY);
    let of_all = hex::encode(mac.finalize().into_bytes());
    let mut sent = standard();
    let more = [
        ("x-shopify-hmac-sha256", STANDARD.encode(of_body)),
        (
            "x-hub-signature-256",
            format!("sha256={}", hex::encode(of_body)),
        ),
        ("x-signature", format!("sha256={of_all}")),
    ];
    for (name, value) in more {
        sent.insert(name, HeaderValue::from_str(&value).unwrap());
    }
    let schemes: [(Scheme, &Settings, &[&str]); 4] = [
        (
            Scheme::StandardWebhooks,
            &Settings::default(),
            &["webhook-id", "webhook-timestamp", "webhook-signature"],
        ),
        (
            Scheme::Shopify,
            &Settings::default(),
            &["x-shopify-hmac-sha256"],
        ),
        (
            Scheme::Github,
            &Settings::default(),
            &["x-hub-signature-256"],
        ),
        (
            Scheme::Hmac,
            &hmac,
            &["webhook-id", "webhook-timestamp", "x-signature"],
        ),
    ];
    let (mut random, mut tried, mut false_accepts) = (Random(0x2545_f491_4f6c_dd1d), 0, Vec::new());
    for (scheme, settings, names) in schemes {
        assert_eq!(
            check(scheme, settings, &sent, BODY, &[secret()], AT),
            Ok(()),
            "{scheme:?}"
        );
        let mut tried_here = 0;
        while tried_here < 5_000 {
            let (mut headers, mut body, mut key) = (sent.clone(), BODY.to_vec(), secret());
            let what = random.next(names.len() + 2);
            let unchanged = match names.get(what) {
                Some(name) => {
                    let before = headers[*name].as_bytes().to_vec();
                    let after = random.mutated(&before);
                    let Ok(value) = HeaderValue::from_bytes(&after) else {
                        continue;
                    };
                    headers.insert(name.parse::<HeaderName>().unwrap(), value);
                    // The same signature in other letters is the same signature.
                    after == before
                        || after.eq_ignore_ascii_case(&before)
                            && name.contains("sig")
                            && scheme != Scheme::StandardWebhooks
                }
                None if what == names.len() => {
                    body = random.mutated(BODY);
                    body == BODY
                }
                None => {
                    key = random.mutated(&key);
                    key == secret()
                }
            };
            if unchanged {
                continue;
            }
            tried_here += 1;
            if check(scheme, settings, &headers, &body, &[key], AT).is_ok() {
                false_accepts.push((scheme, headers, body));
            }
        }
        tried += tried_here;
    }
    assert_eq!(tried, 20_000);
    assert!(false_accepts.is_empty(), "{false_accepts:?}");
}
