// How to call a function, in the words of a shell and of JavaScript.

const INPUT = '{"cart":{"currency":"EUR","lines":[]}}';

export function callByCurl(url: string): string {
  return [
    `curl -i ${url} \\`,
    `  -H "Authorization: Bearer $CARTWRIGHT_KEY" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '${INPUT}'`,
  ].join("\n");
}

export function callByFetch(url: string): string {
  return [
    `const response = await fetch("${url}", {`,
    '  method: "POST",',
    "  headers: {",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the template is the reader's, not ours.
    "    Authorization: `Bearer ${process.env.CARTWRIGHT_KEY}`,",
    '    "Content-Type": "application/json",',
    "  },",
    "  body: JSON.stringify(input),",
    "});",
    "const output = await response.json();",
  ].join("\n");
}
