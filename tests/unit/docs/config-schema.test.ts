import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { configSchema } from '../../../docs/generate-config-schema.ts';

const read = (file: string) => readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');
const validate = new Ajv({
  strict: true,
  allowUnionTypes: true,
  strictTypes: false,
  formats: { ipv4: isIPv4 },
}).compile(configSchema());

/** Where a config is wrong. */
function problems(config: Record<string, unknown>): string[] {
  validate({ config });
  return [
    ...new Set((validate.errors ?? []).map(({ instancePath }) => instancePath.slice('/config/'.length))),
  ];
}

test('docs/config.schema.json is what the schema says', () => {
  assert.deepEqual(
    JSON.parse(read('docs/config.schema.json')),
    JSON.parse(JSON.stringify(configSchema())),
    'run: npm run reference',
  );
});

for (const file of ['Pulumi.dev.yaml', 'Pulumi.vm.yaml', 'Pulumi.aethelred.yaml'])
  test(`${file} is valid, and names the schema to editors`, () => {
    assert.match(read(file), /^# yaml-language-server: \$schema=\.\/docs\/config\.schema\.json\n/);
    assert.ok(validate(parse(read(file))), JSON.stringify(validate.errors));
  });

test('a wrong key or value is found, at its place', () => {
  assert.deepEqual(problems({ 'nixos-fleet:host': {} }), ['nixos-fleet:host']);
  assert.ok(problems({ 'nixos-fleet:hosts': { web: { adress: 'web' } } }).includes('nixos-fleet:hosts/web'));
  assert.ok(
    problems({ 'nixos-fleet:hosts': { web: { port: '22' } } }).includes('nixos-fleet:hosts/web/port'),
  );
  assert.ok(problems({ 'nixos-fleet:hosts': { 'web server': {} } }).includes('nixos-fleet:hosts'));
  assert.ok(problems({ 'nixos-fleet:checkLive': 'no' }).includes('nixos-fleet:checkLive'));
  assert.ok(
    problems({ 'nixos-fleet:hosts': { web: { become: { secure: 'v1:x' } } } }).includes(
      'nixos-fleet:hosts/web/become',
    ),
  );
});

test('what Pulumi writes is valid: encrypted texts, values as texts, keys of other packages', () => {
  const secret = { secure: 'v1:JBLX:YyUj' };
  assert.deepEqual(
    problems({ 'nixos-fleet:hosts': { web: { becomePassword: secret, address: secret } } }),
    [],
  );
  assert.deepEqual(problems({ 'nixos-fleet:hosts': secret, 'nixos-fleet:flake': secret }), []);
  assert.deepEqual(problems({ 'nixos-fleet:hosts': '{"web":{}}', 'nixos-fleet:checkLive': 'false' }), []);
  assert.deepEqual(problems({ 'aws:region': 'eu-central-1', 'nixos:onFailure': 'keep' }), []);
});
