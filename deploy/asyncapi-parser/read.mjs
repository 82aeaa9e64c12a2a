// Reads an AsyncAPI description with the parser of the AsyncAPI initiative; fails on any error.
// Called by `cargo xtask test --all`: node read.mjs <file>

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Parser } from '@asyncapi/parser';

const SEVERITIES = ['error', 'warning', 'information', 'hint'];

const [file] = process.argv.slice(2);
if (!file) {
  console.error('usage: node read.mjs <file>');
  process.exit(2);
}
const source = resolve(file);
const { document, diagnostics } = await new Parser().parse(await readFile(source, 'utf8'), { source });

for (const { severity, code, message, path, range } of diagnostics) {
  const line = range ? range.start.line + 1 : 0;
  console.error(`${file}:${line}: ${SEVERITIES[severity]} ${code} at ${path.join('/')}: ${message}`);
}
const errors = diagnostics.filter(({ severity }) => severity === 0).length;
if (errors > 0 || !document) {
  console.error(`${file}: ${errors} errors`);
  process.exit(1);
}
const of = (all) => all.all().length;
console.log(
  `${file}: AsyncAPI ${document.version()}, ${of(document.channels())} channels, ` +
    `${of(document.operations())} operations, ${of(document.allMessages())} messages, 0 errors`,
);
