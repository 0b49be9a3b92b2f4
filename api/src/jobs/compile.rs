//! The job that turns an uploaded module into a version that is ready, or refused with every finding.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use cartwright_domain::artifact::ArtifactClaim;
use cartwright_domain::compile::{CompileReport, Finding, FindingCode};
use cartwright_domain::engine_epoch::ENGINE_EPOCH;
use cartwright_domain::ids::FunctionId;
use cartwright_domain::names::TargetName;
use cartwright_domain::problem::Code;
use cartwright_schema::Schema;
use ed25519_dalek::{Signer, SigningKey};
use sha2::{Digest, Sha256};

use super::claim::Held;
use super::compiler::{self, Ending};
use super::store::{self, Waiting};
use crate::aliases::{self, Wish};
use crate::clients::object_store::{ObjectStore, WASM, artifact_key, module_key};
use crate::database::TenantTx;
use crate::error::ApiError;

/// A module over which the compiler dies so often, without a word why, is refused: it would take the place of all others for ever.
const DEATHS_MAX: i32 = 5;

/// What compiling needs.
pub(crate) struct Compiling {
    /// Where modules are, and artifacts go.
    pub(crate) object_store: ObjectStore,
    /// The program that compiles.
    pub(crate) program: PathBuf,
    /// Signs what an executor may load.
    pub(crate) signing_key: SigningKey,
}

/// Which version to compile, and what it is held to.
pub(super) struct Order<'a> {
    pub(super) function_id: FunctionId,
    pub(super) version: i32,
    pub(super) target: Option<&'a TargetName>,
    pub(super) memory_bytes_max: u64,
}

/// What the compiler made of a module.
pub(super) struct Verdict {
    pub(super) report: CompileReport,
    /// Only for a module that was accepted.
    pub(super) artifact: Option<SignedArtifact>,
}

/// An artifact that is stored, and the signature by which an executor trusts it.
pub(super) struct SignedArtifact {
    pub(super) sha256: [u8; 32],
    pub(super) bytes: i64,
    pub(super) signature: [u8; 64],
}

/// Compile a version. An error is ours, and the job is done again.
pub(super) async fn perform(
    compiling: &Compiling,
    held: &Held,
    order: Order<'_>,
) -> anyhow::Result<()> {
    let waiting = {
        let mut tx = held.tenant_tx().await?;
        store::waiting(&mut tx, order.function_id, order.version).await?
    };
    let Some(waiting) = waiting else {
        // It was settled, and only the job's end was lost.
        let mut tx = held.tenant_tx().await?;
        held.finish(&mut tx).await?;
        return Ok(tx.commit().await?);
    };
    let verdict = judge(compiling, held, &order, &waiting).await?;
    settle(held, &order, &waiting, &verdict).await
}

async fn judge(
    compiling: &Compiling,
    held: &Held,
    order: &Order<'_>,
    waiting: &Waiting,
) -> anyhow::Result<Verdict> {
    let module_sha256: [u8; 32] = waiting
        .sha256
        .as_slice()
        .try_into()
        .context("a digest has 32 bytes")?;
    if held.silent_deaths() >= DEATHS_MAX {
        return Ok(refused(waiting, gave_up()));
    }
    let key = module_key(held.tenant_id(), &module_sha256);
    let size_bytes = u64::try_from(waiting.size_bytes).context("a length is positive")?;
    let module = compiling.object_store.get(&key, size_bytes).await?;
    ensure!(
        Sha256::digest(&module).as_slice() == module_sha256,
        "the object store gave other bytes than were stored as {key}"
    );
    let program = &compiling.program;
    let ending = compiler::compile(program, &module, order.target, order.memory_bytes_max).await?;
    match ending {
        Ending::Answered(report, artifact) => {
            accept(compiling, held, module_sha256, *report, artifact).await
        }
        Ending::Died(death) => match death.finding() {
            Some(finding) => Ok(refused(waiting, finding)),
            None if held.attempts() >= DEATHS_MAX => Ok(refused(waiting, gave_up())),
            None => bail!("the compiler died: {death:?}"),
        },
    }
}

/// Store and sign the artifact of an accepted module; keep the report of a refused one.
async fn accept(
    compiling: &Compiling,
    held: &Held,
    module_sha256: [u8; 32],
    mut report: CompileReport,
    artifact: Option<Vec<u8>>,
) -> anyhow::Result<Verdict> {
    if let Some(schema) = &report.settings_schema
        && let Err(flaw) = Schema::new(schema)
    {
        report.findings.push(Finding::new(
            FindingCode::SettingsInvalid,
            format!(
                "Its settings schema cannot be used: {}.",
                flaw.detail
            ),
            "Mend the JSON schema in the custom section `cartwright.settings`; references must stay inside it.",
        ));
    }
    let Some(artifact) = artifact.filter(|_| report.accepted()) else {
        return Ok(Verdict {
            report,
            artifact: None,
        });
    };
    ensure!(
        report.engine_epoch == ENGINE_EPOCH,
        "the compiler is of engine epoch {}, this program of {ENGINE_EPOCH}: they were not built together",
        report.engine_epoch
    );
    let sha256: [u8; 32] = Sha256::digest(&artifact).into();
    let claim = ArtifactClaim {
        tenant_id: held.tenant_id(),
        module_sha256,
        engine_epoch: ENGINE_EPOCH,
        artifact_sha256: sha256,
    };
    let bytes = i64::try_from(artifact.len()).context("an artifact is far smaller")?;
    let key = artifact_key(held.tenant_id(), &sha256);
    compiling
        .object_store
        .put(&key, Bytes::from(artifact), WASM)
        .await?;
    let signature = compiling.signing_key.sign(&claim.to_signed_bytes());
    Ok(Verdict {
        report,
        artifact: Some(SignedArtifact {
            sha256,
            bytes,
            signature: signature.to_bytes(),
        }),
    })
}

/// Write the verdict, move the alias that waits for it, end the job, and tell the executors: all of it or nothing.
async fn settle(
    held: &Held,
    order: &Order<'_>,
    waiting: &Waiting,
    verdict: &Verdict,
) -> anyhow::Result<()> {
    let mut tx = held.tenant_tx().await?;
    let promotion = store::settle(&mut tx, order.function_id, order.version, verdict).await?;
    if verdict.artifact.is_some() {
        if let Some(promotion) = promotion {
            promote(&mut tx, order, waiting, &promotion).await?;
        }
        tx.note_tenant_change().await?;
    }
    if !held.finish(&mut tx).await? {
        tracing::warn!("lost the lease on a job at its end; whoever holds it now settles it");
        return Ok(());
    }
    tx.commit().await?;
    told(order, waiting, verdict);
    Ok(())
}

/// Count and log what became of a version.
fn told(order: &Order<'_>, waiting: &Waiting, verdict: &Verdict) {
    let became = match verdict.artifact {
        Some(_) => "ready",
        None => "refused",
    };
    let compile_ms = verdict.report.compile_ms;
    metrics::counter!("cartwright_compiles_total", "became" => became).increment(1);
    metrics::histogram!("cartwright_compile_seconds").record(f64::from(compile_ms) / 1000.0);
    tracing::info!(
        function.id = %order.function_id,
        version = order.version,
        findings = verdict.report.findings.len(),
        compile_ms,
        "judged {}@{}: {became}",
        waiting.function,
        order.version
    );
}

async fn promote(
    tx: &mut TenantTx,
    order: &Order<'_>,
    waiting: &Waiting,
    promotion: &store::Promotion,
) -> anyhow::Result<()> {
    let (function, alias) = (waiting.function.parse()?, promotion.alias.parse()?);
    let wish = Wish {
        asked_at: Some(promotion.asked_at),
        ..Wish::to(order.version)
    };
    match aliases::point(
        tx,
        &promotion.by,
        &function,
        order.function_id,
        &alias,
        wish,
    )
    .await
    {
        // The gate was set while the version was being compiled.
        Err(ApiError::Problem(problem)) if problem.code == Code::Conflict => {
            tracing::info!(function.id = %order.function_id, "did not promote: {}", problem.detail);
        }
        pointed => pointed?,
    }
    Ok(())
}

/// The verdict on a module about which nothing but this is known.
fn refused(waiting: &Waiting, finding: Finding) -> Verdict {
    Verdict {
        report: CompileReport {
            module_sha256: hex::encode(&waiting.sha256),
            size_bytes: u64::try_from(waiting.size_bytes).unwrap_or_default(),
            abi: None,
            imports: Vec::new(),
            exports: Vec::new(),
            memory: None,
            functions: 0,
            deterministic: false,
            findings: vec![finding],
            settings_schema: None,
            sample: None,
            compile_ms: 0,
            engine_epoch: ENGINE_EPOCH,
        },
        artifact: None,
    }
}

fn gave_up() -> Finding {
    Finding::new(
        FindingCode::CompileFailed,
        format!("The compiler died over the module {DEATHS_MAX} times without saying why."),
        "Upload it once more; if that fails too, send the operator its SHA-256.",
    )
}
