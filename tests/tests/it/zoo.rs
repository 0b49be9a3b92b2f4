//! The zoo through the front door: hostile modules are refused or run to the ending that they must have, and after each one the
//! executor is well, no larger than it should be, and answers the neighbour as before.

use std::time::Duration;

use cartwright_domain::compile::FindingCode;
use cartwright_domain::outcome::Outcome;
use cartwright_tests::{Answer, Options, Role, Stack, Tenant, eventually, module};
use cartwright_zoo::{Animal, Ending, animals};
use serde_json::{Value, json};

/// How much the executor may grow over the whole visit: instance slots keep 2 MiB each.
const GROWTH_BYTES_MAX: u64 = 256 << 20;

/// A compile bomb is given its 20 s, and a busy machine some more.
const SETTLED_WITHIN: Duration = Duration::from_secs(60);

const KNOWN_WITHIN: Duration = Duration::from_secs(10);

#[tokio::test]
async fn no_animal_of_the_zoo_harms_the_executor_or_its_neighbour() {
    let stack = Stack::start(Options::default()).await;
    let (mallory, neighbour) = (
        stack.tenant("mallory").await,
        stack.tenant("neighbour").await,
    );
    neighbour.deploy("hello", module("hello/hello.wasm")).await;
    let hello = neighbour
        .invoke_when_known("hello", &json!({}))
        .await
        .expect(200);
    mallory.create_function("animal").await;
    let (pid, resident_before) = (stack.pid(Role::Executor), resident_bytes(&stack));

    let mut wrong = Vec::new();
    for animal in animals() {
        if let Err(why) = visit(&mallory, &animal).await {
            wrong.push(format!("{}: {why}", animal.name));
        }
        let answer = neighbour.invoke("hello", &json!({})).await.expect(200);
        assert_eq!(
            (answer.body, pid),
            (hello.body.clone(), stack.pid(Role::Executor)),
            "after {}",
            animal.name
        );
        assert!(
            stack.lives(Role::Executor) && stack.lives(Role::Worker),
            "after {}",
            animal.name
        );
        let grown = resident_bytes(&stack).saturating_sub(resident_before);
        assert!(
            grown < GROWTH_BYTES_MAX,
            "after {} the executor has grown by {} MiB",
            animal.name,
            grown >> 20
        );
    }
    stack.ready(Role::Executor).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Upload one animal, run it where it is accepted, and say in what it went another way than it must.
async fn visit(mallory: &Tenant, animal: &Animal) -> Result<(), String> {
    let bytes = animal.bytes();
    let answer = settled(mallory, mallory.upload("animal", bytes.clone()).await).await;
    match animal.ending {
        Ending::Refused(FindingCode::ModuleTooLarge) => expect(&answer, 413, "input_too_large"),
        Ending::Refused(_) if bytes.is_empty() => expect(&answer, 400, "invalid_request"),
        Ending::Refused(code) => {
            expect(&answer, 422, "module_invalid")?;
            let findings = answer.json()["errors"].clone();
            let listed = findings
                .as_array()
                .is_some_and(|all| all.iter().any(|one| one["code"] == code.as_str()));
            if listed {
                Ok(())
            } else {
                Err(findings.to_string())
            }
        }
        Ending::Bounded if [200, 201].contains(&answer.status) => Ok(()),
        Ending::Bounded => expect(&answer, 422, "module_invalid"),
        Ending::Runs(outcomes) => {
            if answer.status != 201 {
                return Err(format!("refused: {}", answer.text()));
            }
            let ran = run(mallory, &answer.json()["version"]).await;
            let ended = if ran.status == 200 {
                Outcome::Ok.as_str().to_owned()
            } else {
                ran.code()
            };
            let as_it_must = outcomes.iter().any(|outcome| outcome.as_str() == ended);
            if as_it_must {
                Ok(())
            } else {
                Err(format!("ended {}: {}", ran.status, ran.text()))
            }
        }
    }
}

/// The answer to an upload; of one that was still compiling, what became of it, as the status that it would have had.
async fn settled(mallory: &Tenant, answer: Answer) -> Answer {
    if answer.status != 202 {
        return answer;
    }
    let path = format!("/v1/functions/animal/versions/{}", answer.json()["version"]);
    eventually(
        "the version is compiled or refused",
        SETTLED_WITHIN,
        async || {
            let version = mallory.get(&path).await.expect(200);
            let json = version.json();
            let (status, body) = match json["status"].as_str() {
                Some("ready") => (201, json),
                Some("refused") => (
                    422,
                    json!({"code": "module_invalid", "errors": json["findings"]}),
                ),
                _ => return None,
            };
            Some(Answer {
                status,
                body: body.to_string().into_bytes(),
                ..version
            })
        },
    )
    .await
}

/// Run this version, as soon as the executor knows of it.
async fn run(mallory: &Tenant, version: &Value) -> Answer {
    let what = format!("the executor knows version {version}");
    eventually(&what, KNOWN_WITHIN, async || {
        let request = mallory
            .invocation("animal")
            .query(&[("version", version.to_string())]);
        let answer = mallory.send(request.json(&json!({}))).await;
        (![401, 404, 503].contains(&answer.status)).then_some(answer)
    })
    .await
}

fn expect(answer: &Answer, status: u16, code: &str) -> Result<(), String> {
    let as_expected = answer.status == status && answer.code() == code;
    if as_expected {
        Ok(())
    } else {
        Err(format!("{} {}", answer.status, answer.text()))
    }
}

/// Memory that the executor holds now, in bytes.
fn resident_bytes(stack: &Stack) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", stack.pid(Role::Executor)))
        .expect("it runs");
    let kibibytes = status.lines().find_map(|line| {
        line.strip_prefix("VmRSS:")?
            .trim()
            .strip_suffix(" kB")?
            .trim()
            .parse::<u64>()
            .ok()
    });
    kibibytes.expect("the kernel says how much") << 10
}

#[tokio::test]
async fn a_refusal_reads_the_same_again() {
    let mallory = Stack::shared().await.tenant("mallory").await;
    mallory.create_function("animal").await;
    let animal = animals()
        .into_iter()
        .find(|animal| animal.ending == Ending::Refused(FindingCode::StartFunction));
    let bytes = animal.expect("the zoo has one").bytes();
    let (first, second) = (
        mallory.upload("animal", bytes.clone()).await.expect(422),
        mallory.upload("animal", bytes).await.expect(422),
    );
    assert_eq!(first.json()["errors"], second.json()["errors"]);
    let second = mallory.get("/v1/functions/animal/versions/2").await;
    assert_eq!(second.status, 404, "the same bytes are the same version");
}
