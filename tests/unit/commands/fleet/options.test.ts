import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pulumiOptions } from '../../../../commands/fleet/options.ts';

test('up is a preview, then a run that asks nothing', () => {
  const { preview, run, yes, skipPreview, ownDisplay } = pulumiOptions(
    'up',
    ['--parallel', '4', '--yes'],
    {},
  );
  assert.deepEqual(preview, ['preview', '--parallel', '4']);
  assert.deepEqual(run, ['up', '--parallel', '4', '--yes', '--skip-preview']);
  assert.deepEqual([yes, skipPreview, ownDisplay], [true, false, false]);
});

test('options that preview does not have are not given to it', () => {
  const given = [
    '--continue-on-error',
    '--plan',
    'plan.json',
    '--refresh',
    '--expect-no-changes',
    '--secrets-provider=x',
  ];
  const { preview, run } = pulumiOptions('up', given, {});
  assert.deepEqual(preview, ['preview', '--refresh']);
  assert.deepEqual(run?.slice(1, -2), given);
});

test('what asks nothing and what skips the preview', () => {
  const of = (...options: string[]) => {
    const { yes, skipPreview } = pulumiOptions('up', options, {});
    return [yes, skipPreview];
  };
  assert.deepEqual(of('-y'), [true, false]);
  assert.deepEqual(of('-f'), [false, true]);
  assert.deepEqual(of('-yf'), [true, true]);
  assert.deepEqual(of('--yes=true', '--skip-preview'), [true, true]);
  assert.deepEqual(of('--yes=false', '--target', 'y'), [false, false]);
  assert.equal(pulumiOptions('up', [], { PULUMI_SKIP_CONFIRMATIONS: 'true' }).yes, true);
});

test('a preview, and a refresh that is only one, are all there is', () => {
  assert.deepEqual(pulumiOptions('preview', ['--yes', '-p', '2'], {}), {
    ownDisplay: false,
    yes: true,
    skipPreview: false,
    preview: ['preview', '-p', '2'],
    run: undefined,
  });
  const { preview, run } = pulumiOptions('refresh', ['--preview-only', '--skip-preview'], {});
  assert.deepEqual([preview, run], [['refresh', '--preview-only'], undefined]);
  assert.deepEqual(pulumiOptions('refresh', ['-y'], {}).run, ['refresh', '--yes', '--skip-preview']);
});

test('options about Pulumi’s display choose it', () => {
  for (const option of [
    '--diff',
    '--json',
    '-j',
    '--help',
    '-h',
    '--show-sames',
    '--debug',
    '-d',
    '-v=9',
    '-v9',
    '--urns',
    '--show-secrets=true',
  ])
    assert.equal(pulumiOptions('up', [option], {}).ownDisplay, true, option);
  for (const option of [
    '--parallel',
    '-p',
    '-m',
    'hello --diff',
    '--suppress-outputs',
    '-x',
    '-f',
    '--target=a',
  ])
    assert.equal(pulumiOptions('up', [option], {}).ownDisplay, false, option);
});
