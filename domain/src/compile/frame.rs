//! The one frame that a compiler writes: 8 bytes `cwcomp01`, the report's length (4 bytes) and the artifact's (8 bytes), both
//! with the lowest byte first, then the report as JSON, then the artifact. A refused module has an artifact of no bytes.

use super::CompileReport;

const MARK: &[u8; 8] = b"cwcomp01";
const HEAD_BYTES: usize = 8 + 4 + 8;

/// The largest report, in bytes.
pub const REPORT_BYTES_MAX: usize = 1 << 20;

/// The largest artifact, in bytes: machine code is some four times as long as its module.
pub const ARTIFACT_BYTES_MAX: usize = 64 << 20;

/// The largest frame, in bytes: read no further.
pub const BYTES_MAX: usize = HEAD_BYTES + REPORT_BYTES_MAX + ARTIFACT_BYTES_MAX;

/// Why bytes are not one whole frame.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// It does not begin as a frame.
    #[error("the compiler's answer does not begin as a frame")]
    Mark,
    /// It ends too early, or goes on.
    #[error("the compiler's answer has {found} bytes where its head promises {expected}")]
    Length {
        /// What the head promises, in bytes.
        expected: u64,
        /// What there is, in bytes.
        found: u64,
    },
    /// The report is not one.
    #[error("the compiler's report cannot be read")]
    Report(#[from] serde_json::Error),
    /// A report with findings came with an artifact, or one without findings came without.
    #[error("the compiler's report and its artifact contradict each other")]
    Contradiction,
}

/// Encode a frame.
#[must_use]
pub fn encode(report: &CompileReport, artifact: &[u8]) -> Vec<u8> {
    let report = serde_json::to_vec(report).expect("a report has only keys that are text");
    let mut frame = Vec::with_capacity(HEAD_BYTES + report.len() + artifact.len());
    frame.extend_from_slice(MARK);
    frame.extend_from_slice(
        &u32::try_from(report.len())
            .expect("a report is below 1 MiB")
            .to_le_bytes(),
    );
    frame.extend_from_slice(&(artifact.len() as u64).to_le_bytes());
    frame.extend_from_slice(&report);
    frame.extend_from_slice(artifact);
    frame
}

/// Read a frame: the report, and the artifact where the module was accepted.
pub fn decode(frame: &[u8]) -> Result<(CompileReport, Option<&[u8]>), FrameError> {
    let head = frame
        .first_chunk::<HEAD_BYTES>()
        .filter(|head| head.starts_with(MARK))
        .ok_or(FrameError::Mark)?;
    let report_length = u32::from_le_bytes(head[8..12].try_into().expect("four bytes"));
    let artifact_length = u64::from_le_bytes(head[12..].try_into().expect("eight bytes"));
    let expected = (HEAD_BYTES as u64 + u64::from(report_length)).saturating_add(artifact_length);
    let found = frame.len() as u64;
    if expected != found {
        return Err(FrameError::Length { expected, found });
    }
    let (report, artifact) = frame[HEAD_BYTES..].split_at(report_length as usize);
    let report: CompileReport = serde_json::from_slice(report)?;
    match (report.accepted(), artifact.is_empty()) {
        (true, false) => Ok((report, Some(artifact))),
        (false, true) => Ok((report, None)),
        _ => Err(FrameError::Contradiction),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::{Finding, FindingCode};

    fn report(findings: Vec<Finding>) -> CompileReport {
        CompileReport {
            module_sha256: "00".repeat(32),
            size_bytes: 8,
            abi: None,
            imports: Vec::new(),
            exports: Vec::new(),
            memory: None,
            functions: 0,
            deterministic: true,
            findings,
            settings_schema: None,
            sample: None,
            compile_ms: 1,
            engine_epoch: 1,
        }
    }

    #[test]
    fn a_frame_reads_back() {
        let accepted = report(Vec::new());
        let frame = encode(&accepted, b"code");
        assert_eq!(
            decode(&frame).expect("it is whole"),
            (accepted, Some(b"code".as_slice()))
        );

        let refused = report(vec![Finding::new(FindingCode::NotWasm, "no", "yes")]);
        assert_eq!(
            decode(&encode(&refused, b"")).expect("it is whole"),
            (refused, None)
        );
    }

    #[test]
    fn a_frame_cut_anywhere_is_refused() {
        let frame = encode(&report(Vec::new()), b"code");
        for length in 0..frame.len() {
            assert!(decode(&frame[..length]).is_err(), "cut at {length}");
        }
        assert!(decode(&[frame.as_slice(), b"x"].concat()).is_err());
    }

    #[test]
    fn a_report_and_an_artifact_that_contradict_each_other_are_refused() {
        assert!(matches!(
            decode(&encode(&report(Vec::new()), b"")),
            Err(FrameError::Contradiction)
        ));
        let refused = report(vec![Finding::new(FindingCode::NotWasm, "no", "yes")]);
        assert!(matches!(
            decode(&encode(&refused, b"code")),
            Err(FrameError::Contradiction)
        ));
    }
}
