import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '../../../../../lib/base/errors.ts';
import { decideLabSystem, type NixosProbe } from '../../../../../lib/local/lab/lab-system.ts';

type Decided = Parameters<typeof decideLabSystem>[0];
const found: NixosProbe = { release: '26.05', cache: 'https://cache.nixos.org' };
const missing: NixosProbe = { missing: 'no binary cache answers' };

const decide = (request: Partial<Decided>) =>
  decideLabSystem({
    wanted: 'auto',
    existing: {},
    probe: () => assert.fail('there is nothing to probe for'),
    ...request,
  });

test('a new lab runs NixOS where a binary cache has its packages, and imitates it elsewhere', async () => {
  assert.deepEqual(await decide({ probe: async () => found }), {
    system: 'nixos',
    text: 'the lab runs real NixOS 26.05 from https://cache.nixos.org',
  });
  assert.deepEqual(await decide({ probe: async () => missing }), {
    system: 'imitation',
    text: 'the lab runs an imitation of NixOS, made of Debian’s packages, because no binary cache answers',
  });
});

test('the config decides without a probe', async () => {
  for (const wanted of ['nixos', 'imitation'] as const) {
    const { system, text } = await decide({ wanted });
    assert.equal(system, wanted);
    assert.match(text, /, as lab\.system says$/);
  }
});

test('existing machines keep what they run, whichever cache answers by now', async () => {
  for (const system of ['nixos', 'imitation'] as const) {
    const kept = await decide({ existing: { web: system } });
    assert.equal(kept.system, system);
    assert.match(kept.text, /, as its machines have from the start$/);
    assert.equal((await decide({ wanted: system, existing: { web: system } })).system, system);
  }
});

test('a config that asks for another system than that of existing machines is refused', async () => {
  await assert.rejects(decide({ wanted: 'nixos', existing: { web: 'imitation' } }), (error) => {
    assert.ok(error instanceof FleetError);
    assert.equal(error.code, 'config-invalid');
    assert.match(error.message, /lab\.system is nixos, but .* run an imitation of NixOS/);
    assert.match(error.fix ?? '', /pulumi destroy/);
    return true;
  });
});

test('a lab of both kinds is refused with the names', async () => {
  await assert.rejects(
    decide({ existing: { web: 'nixos', db: 'imitation' } }),
    /web of web, db run real NixOS, and the others an imitation/,
  );
});
