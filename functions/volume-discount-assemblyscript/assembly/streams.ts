// Where the function meets the platform: settings in the environment, input on stdin, answer on stdout.
import {
  environ_get,
  environ_sizes_get,
  fd_write,
} from "@assemblyscript/wasi-shim/assembly/bindings/wasi_snapshot_preview1";

import { ExitCode, fail } from "./failure";
import { Text } from "./text";

// The variable in which the platform hands over the merchant's settings, as JSON.
const SETTINGS_VARIABLE = "CARTWRIGHT_CONFIG=";

// With 16 MiB of memory there is room for what becomes of an input of 1 MiB.
const INPUT_BYTES_MAX = 1 << 20;
const INPUT_BYTES_USUAL = 4 << 10;

const STDOUT = 1;

// The merchant's settings, or null when the platform hands over none.
export function readSettings(): Text | null {
  // Two numbers: how many variables there are, and how many bytes they take.
  const sizes = new StaticArray<u32>(2);
  if (environ_sizes_get(changetype<usize>(sizes), changetype<usize>(sizes) + 4)) return null;
  const variables = new StaticArray<usize>(sizes[0]);
  const bytes = new StaticArray<u8>(sizes[1]);
  if (environ_get(changetype<usize>(variables), changetype<usize>(bytes))) return null;

  const end = changetype<usize>(bytes) + <usize>bytes.length;
  for (let i = 0; i < variables.length; i++) {
    const variable = variables[i];
    let length = 0;
    while (variable + length < end && load<u8>(variable + length) != 0) length++;
    const name = new Text(variable, min(length, SETTINGS_VARIABLE.length));
    if (name.is(SETTINGS_VARIABLE)) {
      return new Text(variable + name.length, length - name.length);
    }
  }
  return null;
}

// Everything on stdin.
export function readInput(): Text {
  let buffer = new ArrayBuffer(INPUT_BYTES_USUAL);
  let length = 0;
  while (true) {
    const got = process.stdin.read(buffer, length);
    if (got == 0) return new Text(changetype<usize>(buffer), length);
    length += got;
    if (length > INPUT_BYTES_MAX) fail(ExitCode.Input, "longer than 1048576 bytes");
    if (length == buffer.byteLength) {
      const larger = new ArrayBuffer(length * 2);
      memory.copy(changetype<usize>(larger), changetype<usize>(buffer), <usize>length);
      buffer = larger;
    }
  }
}

// Write the whole answer to stdout, in as many pieces as it takes.
export function writeAnswer(answer: Text): void {
  const vector = new StaticArray<usize>(2);
  const wrote = new StaticArray<usize>(1);
  let written = 0;
  while (written < answer.length) {
    vector[0] = answer.start + <usize>written;
    vector[1] = <usize>(answer.length - written);
    if (fd_write(STDOUT, changetype<usize>(vector), 1, changetype<usize>(wrote)) || wrote[0] == 0) {
      fail(ExitCode.Output, "cannot be written");
    }
    written += <i32>wrote[0];
  }
}
