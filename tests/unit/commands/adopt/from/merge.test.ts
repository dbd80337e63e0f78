import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeHosts } from '../../../../../commands/adopt/from/merge.ts';

const merge = (text: string, hosts: Record<string, Record<string, unknown>>) =>
  mergeHosts(text, 'nixos-fleet', { flake: './hive', hosts });

test('a stack without a file gets one', () => {
  assert.equal(
    merge('', { web: { address: '192.0.2.7', tags: ['eu'] }, db: {} }).text,
    `config:
  nixos-fleet:flake: ./hive
  nixos-fleet:hosts:
    web:
      address: 192.0.2.7
      tags:
        - eu
    db: {}
`,
  );
});

test('what the file has stays, comments, secrets and other keys included', () => {
  const before = `# ours
encryptionsalt: v1:x
config:
  aws:region: eu-central-1
  nixos-fleet:flake: ./nix # the fleet
  nixos-fleet:hosts:
    web:
      address: web.example.org # by name
      becomePassword:
        secure: v1:y
`;
  const { text, kept } = merge(before, { web: { address: '192.0.2.7', user: 'ops' }, db: { port: 2222 } });
  assert.equal(text, `${before}      user: ops\n    db:\n      port: 2222\n`);
  assert.deepEqual(kept, ['flake stays ./nix: ./hive was read', 'web: address stays as it is']);
});

test('a second run changes nothing', () => {
  const hosts = { web: { tags: ['a'], secrets: { t: { command: ['pass', 't'] } } } };
  const once = merge('', hosts);
  assert.deepEqual(merge(once.text, hosts), { text: once.text, kept: [] });
});

test('a secret that the file has gets what it lacks, and keeps its value', () => {
  const before = `config:
  nixos-fleet:flake: ./hive
  nixos-fleet:hosts:
    web:
      secrets:
        t:
          value:
            secure: v1:z
`;
  const { text, kept } = merge(before, { web: { secrets: { t: { mode: '0440' } } } });
  assert.equal(text, `${before}          mode: "0440"\n`);
  assert.deepEqual(kept, []);
});

test('a file that is no YAML is refused', () => {
  assert.throws(() => merge('config: {', {}), /the stack’s config is no YAML/);
});
