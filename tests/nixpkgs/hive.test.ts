/** A hive of colmena that no flake has evaluated: its nodes are evaluated with the real nixpkgs. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { convertFlake } from '../../commands/adopt/from/read-flake.ts';
import { nixpkgs, skip } from './nixpkgs.ts';

test('the nodes of a hive.nix are read, with its defaults and special arguments', { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-hive-'));
  try {
    writeFileSync(
      join(folder, 'hive.nix'),
      `{
        meta = { nixpkgs = ${nixpkgs}; specialArgs.zone = "example.org"; };
        defaults = { deployment.targetUser = "deploy"; };
        web = { name, nodes, zone, ... }: {
          deployment.targetHost = "\${name}.\${zone}";
          deployment.tags = [ "eu" nodes.db.config.networking.hostName ];
          deployment.keys.token = { keyCommand = [ "pass" "token" ]; destDir = "/var/keys"; };
        };
        db = { networking.hostName = "data"; };
      }`,
    );
    const { signal } = new AbortController();
    const { hosts, left } = await convertFlake('colmena', { flake: './hive.nix', folder, signal });
    assert.deepEqual(hosts, {
      db: { user: 'deploy' },
      web: {
        address: 'web.example.org',
        user: 'deploy',
        tags: ['eu', 'data'],
        secrets: { token: { command: ['pass', 'token'], path: '/var/keys/token', mode: '0600' } },
      },
    });
    assert.deepEqual(
      left.map(({ host }) => host),
      [undefined],
    );
    assert.match(left[0]?.what ?? '', /^\.\/hive\.nix is no flake: add a flake\.nix beside it.*makeHive/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
