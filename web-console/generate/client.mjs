// Writes the types of the client for callers: what the OpenAPI document says of the data plane, and the schemas that this
// names. `--check` writes nothing, and fails where the file would change.

import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const SOURCE = new URL("../openapi.json", import.meta.url);
const TARGET = new URL("../../clients/typescript/src/schema.ts", import.meta.url);

const document = JSON.parse(await readFile(SOURCE, "utf8"));
const paths = Object.fromEntries(
  Object.entries(document.paths).filter(([, item]) => item.post?.tags?.includes("Data plane")),
);
const schemas = {};
need(paths);
const components = { schemas, securitySchemes: document.components.securitySchemes };
const types = astToString(await openapiTS({ ...document, paths, components }));
const text = `// Made from the OpenAPI document by \`npm run generate\` in web-console. Not to be edited.\n\n${types}`;

if (!process.argv.includes("--check")) {
  await writeFile(TARGET, text);
} else if (text !== (await readFile(TARGET, "utf8"))) {
  console.error("clients/typescript/src/schema.ts has drifted: run `npm run generate` in web-console");
  process.exit(1);
}

/** Every schema that a part of the document names, and those that they name. */
function need(part) {
  for (const [, name] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
    if (name in schemas) continue;
    schemas[name] = document.components.schemas[name];
    need(schemas[name]);
  }
}
