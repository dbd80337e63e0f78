import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as z from 'zod';
import { reference } from '../../../docs/generate-reference.ts';
import { outputs, settings } from '../../../docs/reference-tables.ts';
import { connectionKeys } from '../../../schema/connection.ts';
import { withoutDefaults } from '../../../schema/without-defaults.ts';

const text = reference();

test('docs/reference.md is what the schemas say', () => {
  const written = readFileSync(new URL('../../../docs/reference.md', import.meta.url), 'utf8');
  assert.equal(written, text, 'run: npm run reference');
});

test('the settings of a connection are described once', () => {
  const section = text.slice(text.indexOf('### Connection\n'), text.indexOf('### Deployment settings\n'));
  for (const key of connectionKeys) assert.ok(section.includes(`\n| \`${key}\` |`), key);
  assert.equal(text.split('\n| `proxyJump` |').length, 2);
  assert.doesNotMatch(text, /\.proxyJump`/);
});

test('every link to a section has one', () => {
  const titles = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(' ', '-')
      .replaceAll(/[^a-z0-9-]/g, ''),
  );
  assert.equal(new Set(titles).size, titles.length);
  for (const [, anchor = ''] of text.matchAll(/\]\(#([^)]*)\)/g)) assert.ok(titles.includes(anchor), anchor);
});

const shared = z.object({
  user: z.string().default('root').describe('Who.'),
  port: z.int().describe('Where.'),
});
const login = { title: 'Login', schema: shared };

test('a table names what a section describes, and what is required', () => {
  const schema = z.object({
    ...withoutDefaults({ user: shared.shape.user }),
    way: shared.optional().describe('How.'),
    mode: z.enum(['a', 'b']).describe('docs/x.md tells more.'),
    sizes: z.record(z.string(), z.object({ mib: z.int().min(1).max(9).default(2) })).default({}),
  });
  assert.equal(
    settings(schema, [login], [login]),
    `All settings of [Login](#login) (without \`port\`), and:

| key | type | default | meaning |
|---|---|---|---|
| \`way\` | [Login](#login) |  | How. |
| \`mode\` | \`a\` or \`b\` | required | [x.md](x.md) tells more. |
| \`sizes\` | map of object |  |  |
| \`sizes.<name>.mib\` | integer, 1–9 | \`2\` |  |`,
  );
});

test('what is read has no default', () => {
  assert.equal(
    outputs(z.object({ names: z.array(z.string()).describe('a|b') }), []),
    '| key | type | meaning |\n|---|---|---|\n| `names` | list of string | a\\|b |',
  );
});
