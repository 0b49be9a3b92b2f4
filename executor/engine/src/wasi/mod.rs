//! WASI preview 1 for a pure function: its arguments, its environment, three streams, a frozen clock and keyed randomness.
//! Every other function of preview 1 is present with its exact type and answers an error of WASI's own; none traps.
//! One file per group of functions; this one holds how a call enters, is charged, and leaves.

mod clock;
mod descriptors;
mod errno;
mod memory;
mod paths;
mod poll;
mod process;
mod random;
mod signatures;
mod sockets;
mod streams;
mod strings;

use wasmtime::{Caller, Linker, WasmTyList};

use crate::deadline::give_way;
use crate::ending::Stop;
use crate::fuel;
use crate::guest::Guest;

use errno::Errno;
use memory::GuestMemory;

pub(crate) use random::Randomness;
pub use signatures::{MODULE, SIGNATURES, Signature, ValueType};

/// Define every function.
pub(crate) fn add_to(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    clock::add_to(linker)?;
    descriptors::add_to(linker)?;
    paths::add_to(linker)?;
    poll::add_to(linker)?;
    process::add_to(linker)?;
    random::add_to(linker)?;
    sockets::add_to(linker)?;
    streams::add_to(linker)?;
    strings::add_to(linker)
}

/// One call from the guest: its memory, the host's side of it, and what it may still spend.
struct Call<'a> {
    memory: GuestMemory<'a>,
    guest: &'a mut Guest,
    fuel_left: u64,
    fuel_spent: u64,
}

/// How a call ends when it does not succeed.
enum Refusal {
    /// The guest gets an error number, and goes on.
    Answer(Errno),
    /// The guest ends.
    End(Stop),
}

impl From<Errno> for Refusal {
    fn from(errno: Errno) -> Self {
        Self::Answer(errno)
    }
}

impl From<Stop> for Refusal {
    fn from(stop: Stop) -> Self {
        Self::End(stop)
    }
}

impl Call<'_> {
    /// Charge `count` things at `each`, before the work is done. Without the fuel for it the guest ends here.
    fn charge(&mut self, count: u64, each: u64) -> Result<(), Stop> {
        let spent = count
            .checked_mul(each)
            .and_then(|cost| cost.checked_add(self.fuel_spent));
        match spent {
            Some(spent) if spent <= self.fuel_left => {
                self.fuel_spent = spent;
                Ok(())
            }
            _ => {
                self.fuel_spent = self.fuel_left;
                Err(Stop::FuelExhausted)
            }
        }
    }
}

/// Define one function that answers an error number. `work` itself never waits; the call around it may give way to others.
fn define<P>(
    linker: &mut Linker<Guest>,
    name: &str,
    work: fn(&mut Call<'_>, P) -> Result<(), Refusal>,
) -> wasmtime::Result<()>
where
    P: WasmTyList + Send + 'static,
{
    linker.func_wrap_async(
        MODULE,
        name,
        move |caller: Caller<'_, Guest>, parameters: P| {
            Box::new(async move {
                match perform(caller, |call| work(call, parameters)).await? {
                    Ok(()) => Ok(Errno::Success as u32),
                    Err(errno) => Ok(errno as u32),
                }
            })
        },
    )?;
    Ok(())
}

/// Define one function that only ever answers `errno`, but charges like any other.
fn refuse<P>(linker: &mut Linker<Guest>, name: &str, errno: fn(P) -> Errno) -> wasmtime::Result<()>
where
    P: WasmTyList + Send + 'static,
{
    linker.func_wrap_async(
        MODULE,
        name,
        move |caller: Caller<'_, Guest>, parameters: P| {
            Box::new(async move {
                let answered: Result<Result<(), Errno>, wasmtime::Error> =
                    perform(caller, |_| Ok(())).await;
                answered?.ok();
                Ok::<u32, wasmtime::Error>(errno(parameters) as u32)
            })
        },
    )?;
    Ok(())
}

/// Enter the host, do the work, settle its fuel, and give way if the guest has had its slice.
///
/// Setting the fuel begins a new slice in the engine, so a guest that keeps calling the host would never give way by itself:
/// the fuel since it last did is counted here too.
async fn perform(
    mut caller: Caller<'_, Guest>,
    work: impl FnOnce(&mut Call<'_>) -> Result<(), Refusal>,
) -> wasmtime::Result<Result<(), Errno>> {
    let fuel_left = caller.get_fuel()?;
    let (memory, guest): (&mut [u8], &mut Guest) = match caller.data().memory {
        Some(memory) => memory.data_and_store_mut(&mut caller),
        None => (&mut [], caller.data_mut()),
    };
    let mut call = Call {
        memory: GuestMemory::new(memory),
        guest,
        fuel_left,
        fuel_spent: 0,
    };
    let done = call
        .charge(1, fuel::HOST_CALL)
        .map_err(Refusal::End)
        .and_then(|()| work(&mut call));

    let Call {
        guest, fuel_spent, ..
    } = call;
    let fuel_left = fuel_left - fuel_spent;
    guest.fuel_since_yield += guest.fuel_seen.saturating_sub(fuel_left);
    guest.fuel_seen = fuel_left;
    let had_its_slice = guest.fuel_since_yield >= fuel::SLICE;
    if had_its_slice {
        guest.fuel_since_yield = 0;
    }
    caller.set_fuel(fuel_left)?;
    match done {
        Err(Refusal::End(stop)) => return Err(stop.into()),
        _ if had_its_slice => give_way().await,
        _ => {}
    }
    match done {
        Ok(()) => Ok(Ok(())),
        Err(Refusal::Answer(errno)) => Ok(Err(errno)),
        Err(Refusal::End(stop)) => Err(stop.into()),
    }
}
