import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as pulumi from '@pulumi/pulumi';
import { Host } from '../../../components/host.ts';
import { parseFacts } from '../../../schema/facts.ts';
import { someFacts } from '../../fixtures/facts.ts';

const deployments: Record<string, Record<string, unknown>> = {};

before(async () => {
  await pulumi.runtime.setMocks({
    newResource: ({ type, name, inputs }) => {
      if (type === 'nixos:index:Deployment') deployments[name] = inputs;
      // The engine answers for a System that is not targeted with the recorded outputs.
      const isTargeted = type !== 'nixos:index:System' || name !== 'apart';
      return { id: name, state: isTargeted ? inputs : { ...inputs, outPath: '/nix/store/earlier' } };
    },
    call: () => ({}),
  });
});

async function declared(name: string) {
  const evaluated = {
    drvPath: '/nix/store/new.drv',
    outPath: '/nix/store/new',
    facts: someFacts({ nixosLabel: 'new' }),
  };
  const host = new Host(name, { evaluated, revision: 'abc', connection: { address: name } });
  await new Promise((resolve) => host.deployment.urn.apply(resolve));
  return deployments[name] ?? {};
}

test('a deployment has the facts of the system that it deploys, also where it is targeted alone (fault 39)', async () => {
  const whole = await declared('whole');
  assert.equal(whole.system, '/nix/store/new');
  assert.equal(whole.drvPath, '/nix/store/new.drv');
  assert.equal(whole.revision, 'abc');
  assert.equal(parseFacts(String(whole.facts)).nixosLabel, 'new');
  const apart = await declared('apart');
  assert.equal(apart.system, '/nix/store/earlier');
  assert.deepEqual([apart.facts, apart.drvPath, apart.revision], [undefined, undefined, '']);
});
