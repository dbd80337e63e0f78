import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brokenTargets, compareFleets } from '../../../../commands/update/compare.ts';
import { describeFleetChange, describeInputChanges } from '../../../../commands/update/report.ts';
import { FleetError } from '../../../../lib/base/errors.ts';
import type { FleetEvaluation, HostEvaluation } from '../../../../lib/evaluation/types.ts';
import type { EvaluatedKernel } from '../../../../schema/evaluation.ts';
import { someFacts, someKernel } from '../../../fixtures/facts.ts';

const day = 24 * 3600;

function host(outPath: string, version = '6.18.37', more: Partial<HostEvaluation> = {}): HostEvaluation {
  const facts = someFacts();
  const kernel = { ...facts.kernel, version };
  const paths = { drvPath: `${outPath}.drv`, outPath, kernel: `linux-${version}` };
  return {
    ok: true,
    ...paths,
    facts: { ...facts, kernel },
    warnings: [],
    revision: '',
    ...more,
  } as HostEvaluation;
}

function kernel(version: string, config: Record<string, string>): EvaluatedKernel {
  return { ...someKernel(config), version, outPath: `/nix/store/linux-${version}` };
}

function fleet(hosts: Record<string, HostEvaluation>, images = {}): FleetEvaluation {
  const kernels = {
    'linux-6.18.37': kernel('6.18.37', { KVM: 'm', EXT4: 'y' }),
    'linux-6.18.40': kernel('6.18.40', { KVM: 'y', EXT4: 'y' }),
  };
  return { revision: '', fingerprint: '', inputs: {}, fromCache: false, hosts, images, kernels };
}

const failure = (name: string): HostEvaluation => ({
  ok: false,
  error: new FleetError({ code: 'evaluation-failed', host: name, what: 'no', why: 'one\ntwo' }),
});

test('an input is shown with its revisions, their dates and ages', () => {
  const before = { rev: 'a'.repeat(40), lastModified: 10 * day };
  const after = { narHash: 'sha256-0123456789abcdef', lastModified: 12 * day };
  assert.equal(
    describeInputChanges(
      [
        { path: 'nixpkgs', before, after },
        { path: 'home/utils', after: {} },
        { path: 'home/old', before },
      ],
      13 * day + 5,
    ),
    [
      'nixpkgs: aaaaaaaaaaaa of 1970-01-11 (3 days) → sha256-0123456789ab of 1970-01-13 (1 day)',
      'home/utils: new, without a revision',
      'home/old: gone, it was aaaaaaaaaaaa of 1970-01-11 (3 days)',
      '',
    ].join('\n'),
  );
});

test('machines with equal changes are shown together, with the consequences, and their kernel once', () => {
  const before = fleet({ web: host('a'), db: host('b'), edge: host('c'), box: host('d') });
  const after = fleet({
    web: host('a2', '6.18.40'),
    db: host('b2', '6.18.40', { warnings: ['an option\nis old'] }),
    edge: host('c2', '6.18.40'),
    box: host('d'),
  });
  const change = compareFleets(before, after, (name) =>
    name === 'edge'
      ? { reboot: 'when-needed', closure: ['expected: 1 package is added', '+ curl 8.15'] }
      : {},
  );
  const version = '  ~ kernel.version: "6.18.37" => "6.18.40"';
  assert.equal(
    describeFleetChange(change),
    [
      '',
      'web: 1 change; reboot due after this: kernel 6.18.37 → 6.18.40',
      version,
      '',
      'db: 1 change; reboot due after this: kernel 6.18.37 → 6.18.40',
      version,
      '  new warning: an option',
      '  is old',
      '',
      'edge: 1 change; the machine will be rebooted: kernel 6.18.37 → 6.18.40',
      version,
      '  closure:',
      '    expected: 1 package is added',
      '    + curl 8.15',
      '',
      'box: nothing changes',
      '',
      'kernel of web, db, edge: 6.18.37 → 6.18.40',
      '  ~ version: "6.18.37" => "6.18.40"',
      '  ~ config.KVM: "m" => "y"',
      '',
    ].join('\n'),
  );
  assert.deepEqual(brokenTargets(change), []);
});

test('a new failure differs from an old one', () => {
  const before = fleet({ web: host('a'), db: failure('db'), edge: failure('edge') }, { disk: host('e') });
  const after = fleet(
    { web: failure('web'), db: failure('db'), edge: host('c') },
    { disk: host('e', undefined, { outPath: 'f' }) },
  );
  const change = compareFleets(before, after);
  assert.deepEqual(brokenTargets(change), ['web']);
  assert.equal(
    describeFleetChange(change),
    [
      '',
      'web: no longer evaluates',
      '  web: no [evaluation-failed]',
      '    why:  one',
      '          two',
      '',
      'db: did not evaluate before, either',
      '  db: no [evaluation-failed]',
      '    why:  one',
      '          two',
      '',
      'edge: evaluates again',
      '',
      'image disk: rebuilt, no fact differs',
      '',
    ].join('\n'),
  );
});

test('an image that is rebuilt for the same system has changed', () => {
  const image = (outPath: string) => ({ drvPath: '', outPath, name: '', file: '' });
  const before = fleet({}, { disk: host('e', undefined, { image: image('one') }) });
  const after = fleet({}, { disk: host('e', undefined, { image: image('two') }) });
  assert.equal(compareFleets(before, after).images.disk?.kind, 'changed');
});
