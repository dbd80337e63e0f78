import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FleetError } from '../../../../lib/base/errors.ts';
import { resolveSecrets } from '../../../../program/config/host-secrets.ts';
import { parseStackConfig } from '../../../../program/config/parse-config.ts';

const sources = { baseDirectory: '/nowhere', stack: 'prod', encrypted: true };

function hosts(secrets: object) {
  const config = parseStackConfig({ hosts: JSON.stringify({ web: { secrets }, db: {} }) }, 'prod');
  return Object.fromEntries(Object.entries(config.hosts).map(([name, host]) => [name, host.secrets]));
}

test('a value in plain text is refused with the file and the command that sets it', async () => {
  await assert.rejects(
    resolveSecrets(hosts({ one: { value: 'v' } }), { ...sources, encrypted: false }),
    (error: FleetError) => {
      assert.equal(error.code, 'config-invalid');
      assert.match(error.message, /web: the value of the secret one is in plain text in Pulumi\.prod\.yaml/);
      assert.match(error.message, /config set --secret --path 'nixos-fleet:hosts\.web\.secrets\.one\.value'/);
      return true;
    },
  );
});

test('a secret has one source, a path outside the Nix store, and a mode in quotes', () => {
  const problem = (secret: object) => {
    try {
      hosts({ one: secret });
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };
  assert.match(problem({}), /must have one of value, file and command/);
  assert.match(problem({ value: 'v', file: 'f' }), /must have one of value, file and command/);
  for (const path of ['relative', '/nix/store/x', '/run/../nix/x', '/run/keys/', '/run//x', '/dev/sda'])
    assert.match(
      problem({ value: 'v', path }),
      /hosts\.web\.secrets\.one\.path: must be an absolute path/,
      path,
    );
  assert.equal(problem({ value: 'v', path: '/var/lib/app/.key' }), '');
  assert.match(problem({ value: 'v', mode: 256 }), /mode: must be text; in YAML, put it in quotes/);
  assert.match(
    problem({ value: 'v', restartUnit: 'x' }),
    /restartUnit: unknown key; did you mean restartUnits\?/,
  );
});
