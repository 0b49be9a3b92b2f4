// Runs functions on their samples and compares the answers to the byte: node run-samples.mjs [--modules FOLDER] NAME...
// A sample is samples/CASE.input.json, CASE.output.json and, where the defaults are not meant, CASE.settings.json.
// In refused/ lies what must end without an answer, with a message and the exit code in CASE.exit-code instead.
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { WASI } from "node:wasi";

const INPUT_ENDING = ".input.json";
const functions = dirname(fileURLToPath(import.meta.url));
const { values, positionals: names } = parseArgs({ options: { modules: { type: "string" } }, allowPositionals: true });

const scratch = mkdtempSync(join(tmpdir(), "function-samples-"));
let failed = 0;
try {
  for (const name of names) failed += await runSamples(name);
} finally {
  rmSync(scratch, { recursive: true });
}
process.exitCode = failed > 0 ? 1 : 0;

async function runSamples(name) {
  const path = values.modules === undefined ? join(functions, name, `${name}.wasm`) : join(values.modules, `${name}.wasm`);
  const module = await WebAssembly.compile(readFileSync(path));
  const wrong = [];
  const answered = casesIn(join(functions, name, "samples"));
  for (const sample of answered) {
    const expected = readFileSync(`${sample}.output.json`, "utf8");
    const { exitCode, output, log } = await run(module, sample);
    if (exitCode !== 0 || output !== expected) {
      wrong.push(`  ${sample}: exit code ${exitCode}\n    expected ${expected}\n    answered ${output}\n    log ${log}`);
    }
  }
  const refused = casesIn(join(functions, name, "refused"));
  for (const sample of refused) {
    const expected = Number(readFileSync(`${sample}.exit-code`, "utf8"));
    const { exitCode, output, log } = await run(module, sample);
    if (exitCode !== expected || output !== "" || !log.endsWith("\n")) {
      wrong.push(`  ${sample}: exit code ${exitCode}, not ${expected}\n    answered ${output}\n    log ${log}`);
    }
  }
  const outcome = wrong.length === 0 ? "all as expected" : `${wrong.length} NOT as expected`;
  console.log(`  ${name}: ${answered.length} samples to answer, ${refused.length} to refuse, ${outcome}`);
  for (const line of wrong) console.error(line);
  return answered.length === 0 ? 1 : wrong.length;
}

// Paths of the cases in a folder, each without its ending.
function casesIn(folder) {
  if (!existsSync(folder)) return [];
  const inputs = readdirSync(folder).filter((file) => file.endsWith(INPUT_ENDING));
  return inputs.map((file) => join(folder, file.slice(0, -INPUT_ENDING.length)));
}

async function run(module, sample) {
  const [stdout, stderr] = [join(scratch, "stdout"), join(scratch, "stderr")];
  const settings = `${sample}.settings.json`;
  const files = [openSync(sample + INPUT_ENDING, "r"), openSync(stdout, "w"), openSync(stderr, "w")];
  const wasi = new WASI({
    version: "preview1",
    env: existsSync(settings) ? { CARTWRIGHT_CONFIG: readFileSync(settings, "utf8") } : {},
    stdin: files[0],
    stdout: files[1],
    stderr: files[2],
    returnOnExit: true,
  });
  let exitCode;
  try {
    exitCode = wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject()));
  } catch (trap) {
    exitCode = String(trap);
  } finally {
    files.forEach((file) => closeSync(file));
  }
  return { exitCode, output: readFileSync(stdout, "utf8"), log: readFileSync(stderr, "utf8") };
}
