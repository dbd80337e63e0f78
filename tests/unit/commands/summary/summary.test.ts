import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fittingMarkdown } from '../../../../commands/summary/fit.ts';
import { headline, toMarkdown } from '../../../../commands/summary/markdown.ts';
import { parsePreview } from '../../../../commands/summary/parse-preview.ts';
import { hasChanges, type Summary, summarize } from '../../../../commands/summary/summarize.ts';
import { formatFacts, type HostFacts } from '../../../../schema/facts.ts';
import { someFacts } from '../../../fixtures/facts.ts';

const all = { lines: Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY };
const urn = (type: string, name: string) => `urn:pulumi:prod::fleet::nixos:index:Host$${type}::${name}`;

interface Given {
  op?: string;
  type?: string;
  name?: string;
  old?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
  desired?: Record<string, unknown>;
  paths?: string[];
}

function step({
  op = 'update',
  type = 'Deployment',
  name = 'web',
  old,
  outputs,
  desired,
  paths = [],
}: Given) {
  return {
    op,
    urn: urn(`nixos:index:${type}`, name),
    ...(old ? { oldState: { custom: true, inputs: old, outputs: outputs ?? old } } : {}),
    ...(desired ? { newState: { custom: true, inputs: desired } } : {}),
    detailedDiff: paths.length > 0 ? Object.fromEntries(paths.map((path) => [path, {}])) : null,
  };
}

function summaryOf(steps: Given[], diagnostics: unknown[] = []): Summary {
  return summarize(parsePreview(JSON.stringify({ steps: steps.map(step), diagnostics })));
}

function host(facts: HostFacts | string, more: Record<string, unknown> = {}) {
  return { host: 'web', facts: typeof facts === 'string' ? facts : formatFacts(facts), ...more };
}

const newer = someFacts({ packages: { jq: '1.8' } });
const empty: Summary = {
  machines: [],
  images: [],
  kernels: [],
  others: [],
  errors: [],
  warnings: [],
  notes: [],
};

test('after a failure a machine is compared with its live system', () => {
  const [web] = summaryOf([
    { old: host(newer), outputs: host(someFacts()), desired: host(newer), paths: ['system'] },
  ]).machines;
  assert.deepEqual(web?.lines, ['~ packages.jq: "1.7" => "1.8"']);
});

test('a reboot follows from the running kernel and the setting reboot', () => {
  const facts = someFacts({ kernel: { ...someFacts().kernel, version: '6.19' } });
  const outputs = host(someFacts(), { live: { kernel: '6.18.1' } });
  const desired = host(facts, { reboot: 'when-needed' });
  const [web] = summaryOf([{ old: host(someFacts()), outputs, desired, paths: ['system'] }]).machines;
  assert.deepEqual(web?.consequences, ['the machine will be rebooted: kernel 6.18.1 → 6.19']);
});

test('drift, another connection and a due reboot are shown without facts', () => {
  const [web] = summaryOf([
    {
      old: host(someFacts()),
      desired: host(someFacts()),
      paths: ['live.system', 'connection.address', 'live.rebootDue'],
    },
  ]).machines;
  assert.deepEqual(web?.lines, [
    '~ connection.address',
    '~ live.system: the machine was switched by other means',
  ]);
  assert.deepEqual(web?.consequences, ['the machine will be rebooted: it waits for that']);
});

test('unknown and secret facts are ignored', () => {
  for (const facts of ['[secret]', '04da6b54-80e4-46f7-96ec-b56ff0331ba9', '{"packages":1}']) {
    const [web] = summaryOf([
      { old: host(someFacts()), desired: host(facts), paths: ['system', 'facts'] },
    ]).machines;
    assert.deepEqual([web?.operation, web?.lines], ['update', []]);
  }
});

test('a replacement’s three steps are one, and a system is shown at its deployment', () => {
  const summary = summaryOf([
    ...['create-replacement', 'replace', 'delete-replaced'].map((op) => ({
      op,
      type: 'VirtualMachine',
      name: 'vm',
      old: { token: 'hush' },
      desired: { token: 'hush-hush' },
      paths: op === 'replace' ? ['token'] : [],
    })),
    { type: 'System', old: { host: 'web' }, desired: { host: 'web' }, paths: ['outPath'] },
    { old: host(someFacts()), desired: host(newer), paths: ['system'] },
    { type: 'System', name: 'alone', old: { host: 'x' }, desired: { host: 'x' }, paths: ['outPath'] },
  ]);
  assert.deepEqual(summary.others, [
    { type: 'nixos:index:System', name: 'alone', operation: 'update', paths: ['outPath'] },
    { type: 'nixos:index:VirtualMachine', name: 'vm', operation: 'replace', paths: ['token'] },
  ]);
  assert.doesNotMatch(toMarkdown('prod', summary, all), /hush/);
});

test('an unknown step counts as a change', () => {
  assert.equal(hasChanges(summaryOf([{ op: 'same', old: {}, desired: {} }])), false);
  assert.equal(hasChanges(summaryOf([{ op: 'transmogrify', old: {}, desired: {} }])), true);
});

test('messages are shown once, by severity, with their resource', () => {
  const about = (type: string, name: string) => ({ urn: urn(type, name) });
  const { errors, warnings, notes } = summaryOf(
    [],
    [
      { ...about('nixos:index:Deployment', 'web'), severity: 'info', message: 'facts of web:\n  ~ x' },
      { ...about('nixos:index:Image', 'disk'), severity: 'warning', message: 'warning: it is large\n' },
      { severity: 'error', message: 'error: db: cannot be evaluated\n  why:  no\n' },
      { severity: 'error', message: 'error: db: cannot be evaluated\n  why:  no\n' },
      { severity: 'info', message: 'inputs of the flake: nixpkgs' },
    ],
  );
  assert.deepEqual(
    [errors, warnings, notes],
    [['db: cannot be evaluated\n  why:  no'], ['Image disk: it is large'], ['inputs of the flake: nixpkgs']],
  );
});

test('machines with equal changes share one list; names and texts do not become markup', () => {
  const lines = ['~ etc.motd', '      + ``` @everyone <b>'];
  const changed = (name: string) => ({
    name,
    operation: 'update' as const,
    lines,
    closure: [],
    consequences: [],
  });
  const markdown = toMarkdown(
    'prod',
    { ...empty, machines: ['a|b', '<@web>', '`x`'].map(changed), warnings: ['``` @ada'] },
    all,
  );
  assert.match(markdown, /^\| `a\\\|b` \| changes \| 1 \| – \|$/m);
  assert.match(markdown, /^\| `` `x` `` \|/m);
  assert.match(markdown, /<code>a\|b<\/code>, <code>&lt;&#64;web><\/code>, <code>`x`<\/code>: 1 change</);
  assert.match(markdown, /\n````diff\n~ etc\.motd\n {6}\+ ``` @everyone <b>\n````\n/);
  assert.match(markdown, /\n````text\n``` @ada\n````\n/);
});

test('changes of closures are those of the preview’s notes, also where it names another machine', () => {
  const changed = (name: string) => ({
    name,
    old: host(someFacts(), { host: name }),
    desired: host(newer, { host: name }),
    paths: ['system'],
  });
  const about = (name: string) => ({ urn: urn('nixos:index:Deployment', name), severity: 'info' });
  const block = 'expected: 1 package changes version\n  ~ jq: 1.7 → 1.8\n  to copy: 3 paths, about 2 MiB';
  const summary = summaryOf(
    [changed('db'), changed('web'), changed('x')],
    [
      { ...about('db'), message: `closure of db:\n  ${block}` },
      { ...about('web'), message: 'closure of web: the same as of db' },
    ],
  );
  const lines = block.split('\n').map((line) => line.trim());
  assert.deepEqual(
    summary.machines.map(({ closure }) => closure),
    [lines, lines, []],
  );
  assert.match(
    toMarkdown('prod', summary, all),
    /<summary><code>db<\/code>, <code>web<\/code>: closure, expected: 1 package changes version<\/summary>\n\n```diff\n~ jq: 1\.7 → 1\.8\nto copy/,
  );
});

test('the headline counts machines by operation', () => {
  const machine = (operation: 'same' | 'update' | 'create') => ({
    ...{ name: 'x', operation, lines: [], closure: [], consequences: [] },
  });
  const machines = [machine('same'), machine('update'), machine('update'), machine('create')];
  assert.equal(
    headline({ ...empty, machines, errors: ['no'] }),
    'it failed, 2 machines change, 1 machine is new, 1 machine unchanged',
  );
  assert.equal(headline(empty), 'nothing changes');
});

function largeFleet(count: number, each: number): Summary {
  const machines = Array.from({ length: count }, (_, host) => ({
    name: `host-${host}`,
    operation: 'update' as const,
    lines: Array.from({ length: each }, (_, line) => `~ packages.p${line}: "${host}" => "${host + 1}"`),
    closure: ['expected: 1 package is added', `+ curl 8.${host}`],
    consequences: ['reboot due after this: kernel 6.18.1 → 6.18.2'],
  }));
  return { ...empty, machines, errors: ['one thing\n'.repeat(each)] };
}

test('a summary is cut to the limit of a comment, with a note, and stays well-formed', () => {
  for (const [hosts, each] of [
    [10, 300],
    [200, 300],
    [5000, 20],
  ] as const) {
    const markdown = fittingMarkdown('prod', largeFleet(hosts, each));
    assert.ok(markdown.length <= 65_536, `${hosts}: ${markdown.length}`);
    assert.ok(markdown.length > 15_000, `${hosts}: ${markdown.length}`);
    assert.match(markdown, /more lines, cut to fit/);
    assert.match(markdown, /_Cut to fit: .*_\n$/);
    assert.equal((markdown.match(/^```/gm)?.length ?? 1) % 2, 0);
    assert.equal(markdown.match(/<details>/g)?.length, markdown.match(/<\/details>/g)?.length);
    assert.match(markdown, new RegExp(`it failed, ${hosts} machines change`));
  }
  assert.doesNotMatch(fittingMarkdown('prod', largeFleet(3, 10)), /cut to fit/i);
  const smallest = fittingMarkdown('prod', largeFleet(5000, 20), 1000);
  assert.ok(smallest.length <= 1000);
  assert.match(smallest, /5000 machines change.*Too long/s);
});
