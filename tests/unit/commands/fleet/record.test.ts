import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordSelection } from '../../../../commands/fleet/record.ts';
import type { FleetError } from '../../../../lib/base/errors.ts';
import { withRecorded } from '../../../../program/selection.ts';
import type { FleetEvaluation } from '../../../../schema/evaluation.ts';
import { formatFacts } from '../../../../schema/facts.ts';
import { selection } from '../../../../schema/selection.ts';
import { someFacts } from '../../../fixtures/facts.ts';

const facts = formatFacts(someFacts());
const kernel = {
  version: '6.18.2',
  modDirVersion: '6.18.2',
  drvPath: '/nix/store/k.drv',
  outPath: '/nix/store/k-linux-6.18.2',
  source: 's',
  sourceRevision: '',
  patches: {},
  config: { KVM: 'm' },
  dev: '',
  machines: ['db', 'web'],
};
const resource = (type: string, inputs: object, outputs: object = {}) => ({ type, inputs, outputs });
const system = (host: string) =>
  resource('nixos:index:System', { host, drvPath: `${host}.drv`, outPath: host });
const stack = {
  deployment: {
    resources: [
      resource(
        'pulumi:pulumi:Stack',
        {},
        { machines: { web: { generation: 3 }, db: { generation: 5 } }, history: {}, images: { a: 1, b: 2 } },
      ),
      system('web'),
      system('db'),
      system('new'),
      resource('nixos:index:Deployment', { host: 'web', facts }),
      // Recorded as provider-internal text, with a summary under its own name.
      resource('nixos:index:Deployment', { host: 'db', __facts: facts, facts: { packages: '80' } }),
      resource('nixos:index:Kernel', kernel),
    ],
  },
};

test('what the state records of the other hosts is handed over, and declared as if it were evaluated', () => {
  const recorded = selection.parse(JSON.parse(JSON.stringify(recordSelection(stack, ['web'], ['a']))));
  assert.deepEqual(recorded.recorded, {
    db: { drvPath: 'db.drv', outPath: 'db', facts, kernel: kernel.drvPath },
  });
  assert.deepEqual(recorded.outputs, { machines: { db: { generation: 5 } }, history: {}, images: { b: 2 } });
  const evaluation: FleetEvaluation<FleetError> = {
    revision: 'r',
    fingerprint: '',
    inputs: {},
    fromCache: false,
    hosts: {},
    images: {},
    kernels: {},
  };
  const { hosts, kernels } = withRecorded(evaluation, recorded);
  assert.ok(hosts.db?.ok);
  assert.deepEqual([hosts.db.outPath, hosts.db.facts], ['db', someFacts()]);
  assert.deepEqual(kernels[kernel.drvPath]?.config, { KVM: 'm' });
  assert.equal(withRecorded(evaluation, undefined), evaluation);
});
