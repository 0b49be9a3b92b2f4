// How the function ends without an answer: one line in the log, and an exit code that says whose turn it is.
import { proc_exit } from "@assemblyscript/wasi-shim/assembly/bindings/wasi_snapshot_preview1";

// The same in every language that this function is written in.
export enum ExitCode {
  Input = 1,
  Settings = 2,
  Output = 3,
}

// Does not come back.
export function fail(code: ExitCode, message: string): void {
  const subject = code == ExitCode.Input ? "input: " : code == ExitCode.Settings ? "settings: " : "output: ";
  process.stderr.write(subject + message + "\n");
  proc_exit(<u32>code);
}
