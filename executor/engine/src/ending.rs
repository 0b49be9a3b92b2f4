//! How a call into the guest ended, in words: the outcome, the limit that stopped it, and the functions it was in.

use std::fmt::Write;

use cartwright_domain::outcome::Outcome;
use wasmtime::{FrameInfo, FrameSymbol, PoolConcurrencyLimitError, Trap, WasmBacktrace};

use crate::run::{EngineFault, RunError};

/// Why the host ended a guest.
#[derive(Debug, Clone, Copy, thiserror::Error)]
pub(crate) enum Stop {
    #[error("the function ended itself with code {0}")]
    Exited(u32),
    #[error("the function used all its fuel")]
    FuelExhausted,
    #[error("the function asked for {asked} bytes of memory; its limit is {limit}")]
    MemoryExceeded { limit: u64, asked: u64 },
    #[error("the function wrote {written} bytes of output; its limit is {limit}")]
    OutputTooLarge { limit: u64, written: u64 },
}

/// A name from the guest's own name section may be of any length.
const FRAME_NAME_BYTES_MAX: usize = 200;

/// A longer mangled name is shown as it is: unfolding it may take minutes.
const MANGLED_BYTES_MAX: usize = 256;

/// What `error` says about the guest: an outcome with its explanation, or `None` when it ended itself well. An error that is
/// not the guest's doing is a fault of ours.
pub(crate) fn of_error(
    error: &wasmtime::Error,
    fuel: u64,
) -> Result<Option<(Outcome, RunError)>, EngineFault> {
    let (outcome, message, limit, used, exit_code) = if let Some(stop) =
        error.downcast_ref::<Stop>()
    {
        let message = stop.to_string();
        match *stop {
            Stop::Exited(0) => return Ok(None),
            Stop::Exited(code) => (Outcome::Exited, message, None, None, Some(code)),
            Stop::FuelExhausted => fuel_exhausted(fuel),
            Stop::MemoryExceeded { limit, asked } => (
                Outcome::MemoryExceeded,
                message,
                Some(limit),
                Some(asked),
                None,
            ),
            Stop::OutputTooLarge { limit, written } => (
                Outcome::OutputTooLarge,
                message,
                Some(limit),
                Some(written),
                None,
            ),
        }
    } else if let Some(trap) = error.downcast_ref::<Trap>() {
        match trap {
            Trap::OutOfFuel => fuel_exhausted(fuel),
            Trap::StackOverflow => {
                let limit = crate::config::STACK_BYTES_MAX as u64;
                let message = format!(
                    "the function's calls nested deeper than its stack of {limit} bytes: is a recursion endless?"
                );
                (Outcome::StackOverflow, message, Some(limit), None, None)
            }
            trap => (Outcome::Trap, trap_message(*trap), None, None, None),
        }
    } else if error.is::<PoolConcurrencyLimitError>() {
        return Err(EngineFault::Busy);
    } else {
        return Err(EngineFault::Internal(format!("{error:#}")));
    };
    Ok(Some((
        outcome,
        RunError {
            message,
            limit,
            used,
            exit_code,
            backtrace: backtrace(error),
        },
    )))
}

fn fuel_exhausted(fuel: u64) -> (Outcome, String, Option<u64>, Option<u64>, Option<u32>) {
    (
        Outcome::FuelExhausted,
        format!("the function used all its fuel: its limit is {fuel}"),
        Some(fuel),
        Some(fuel),
        None,
    )
}

/// What a trap means to the one who wrote the function.
fn trap_message(trap: Trap) -> String {
    let what = match trap {
        Trap::UnreachableCodeReached => {
            "reached an `unreachable` instruction: a panic, an abort or a failed assertion; the log may say more"
        }
        Trap::MemoryOutOfBounds => "read or wrote outside its memory",
        Trap::TableOutOfBounds => "used an entry outside its table",
        Trap::IndirectCallToNull => "called a function pointer that points to nothing",
        Trap::BadSignature => "called a function pointer as a function of another type",
        Trap::IntegerOverflow => "overflowed an integer in a division",
        Trap::IntegerDivisionByZero => "divided an integer by zero",
        Trap::BadConversionToInteger => "converted a float to an integer that cannot hold it",
        other => return format!("the function trapped: {other}"),
    };
    format!("the function {what}")
}

/// The functions that the guest was in, innermost first.
fn backtrace(error: &wasmtime::Error) -> Vec<String> {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else {
        return Vec::new();
    };
    backtrace.frames().iter().flat_map(shown_frame).collect()
}

/// One frame in words: its function, and where lines are known the place in it and the functions that were inlined there.
fn shown_frame(frame: &FrameInfo) -> Vec<String> {
    let function = match frame.func_name() {
        Some(name) => function_name(name),
        None => format!("function {}", frame.func_index()),
    };
    let symbols = frame.symbols();
    if symbols.is_empty() {
        return vec![function];
    }
    symbols
        .iter()
        .map(|symbol| shown_symbol(symbol, &function))
        .collect()
}

fn shown_symbol(symbol: &FrameSymbol, function: &str) -> String {
    let name = symbol
        .name()
        .map_or_else(|| function.to_owned(), function_name);
    match (symbol.file(), symbol.line()) {
        (Some(file), Some(line)) => format!("{name} at {file}:{line}"),
        _ => name,
    }
}

/// A function's name as its author wrote it, without the compiler's mangling, and cut. The name section is the guest's to
/// write, and a mangled name can be made to unfold for minutes: so a long one stays as it is, and unfolding ends with the room.
pub(crate) fn function_name(name: &str) -> String {
    let mut shown = Shown::default();
    let mangled = Some(name).filter(|name| name.len() <= MANGLED_BYTES_MAX);
    let written = match mangled.map(rustc_demangle::try_demangle) {
        Some(Ok(readable)) => write!(shown, "{readable:#}"),
        _ => shown.write_str(name),
    };
    if written.is_err() {
        shown.0.push('…');
    }
    shown.0
}

/// The beginning of a text: it refuses what is beyond [`FRAME_NAME_BYTES_MAX`], which ends whoever writes it.
#[derive(Default)]
struct Shown(String);

impl Write for Shown {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let room = FRAME_NAME_BYTES_MAX - self.0.len();
        if text.len() > room {
            self.0.push_str(&text[..text.floor_char_boundary(room)]);
            return Err(std::fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_mangled_name_is_never_unfolded() {
        let long = format!("_ZN{}17h0123456789abcdefE", "4main".repeat(60));
        assert!(rustc_demangle::try_demangle(&long).is_ok());
        assert!(function_name(&long).starts_with("_ZN4main4main"));
    }

    #[test]
    fn a_mangled_name_becomes_readable_and_a_long_one_is_cut() {
        assert_eq!(
            function_name("_ZN8discount4main17h0123456789abcdefE"),
            "discount::main"
        );
        assert_eq!(function_name("plain"), "plain");
        assert_eq!(
            function_name(&"é".repeat(1_000)).len(),
            FRAME_NAME_BYTES_MAX + '…'.len_utf8()
        );
    }
}
