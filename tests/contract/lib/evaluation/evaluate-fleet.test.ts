import assert from 'node:assert/strict';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, test } from 'node:test';
import { FleetError } from '../../../../lib/base/errors.ts';
import { run } from '../../../../lib/base/process/run.ts';
import { consequences } from '../../../../lib/evaluation/consequences.ts';
import type { FleetEvaluation } from '../../../../lib/evaluation/evaluate-fleet.ts';
import { explainTextChange } from '../../../../lib/evaluation/texts.ts';
import { ownFlake, ownFolder } from '../../../fixtures/flakes/copy.ts';
import { evaluateFixture } from './fixture.ts';

beforeEach(async () => {
  process.env.XDG_CACHE_HOME = await ownFolder();
});

function evaluated(fleet: FleetEvaluation, name: string) {
  const host = fleet.hosts[name];
  assert.ok(host);
  if (!host.ok) throw host.error;
  return host;
}

function failed(fleet: FleetEvaluation, name: string): FleetError {
  const host = fleet.hosts[name];
  assert.ok(host && !host.ok, `${name} should fail`);
  assert.equal(host.error.host, name);
  return host.error;
}

async function edit(folder: string, file: string, from: string, to: string): Promise<void> {
  const text = await readFile(join(folder, file), 'utf8');
  assert.ok(text.includes(from));
  await writeFile(join(folder, file), text.replace(from, to));
}

test('an evaluation has facts, warnings and kernels of a fleet', async () => {
  const fleet = await evaluateFixture(['web', 'db', 'box']);
  const web = evaluated(fleet, 'web');
  assert.match(web.drvPath, /^\/nix\/store\/\w{32}-nixos-system-web-26\.11\.test\.drv$/);
  assert.match(web.outPath, /^\/nix\/store\/\w{32}-nixos-system-web-26\.11\.test$/);
  assert.deepEqual(web.facts.packages, { jq: '1.7.1' });
  assert.deepEqual(web.facts.firewall, {
    enabled: true,
    tcp: { '22': true, '80': true, 'lan:9100': true },
    udp: { '60000-60010': true },
  });
  assert.deepEqual(Object.keys(web.facts.etc), ['bridge-helper', 'localtime', 'motd', 'web.conf']);
  assert.deepEqual(Object.keys(web.facts.users), ['ada', 'root']);
  assert.equal(web.facts.bootLoader, 'systemd-boot');
  assert.deepEqual(evaluated(fleet, 'db').warnings, ['db: the old engine goes away']);
  const box = evaluated(fleet, 'box');
  assert.equal(box.kernel, undefined);
  assert.equal(box.facts.container, true);
  assert.equal(Object.keys(fleet.kernels).length, 2);
  assert.deepEqual(fleet.kernels[evaluated(fleet, 'db').kernel ?? '']?.config, {
    BLOCK: 'y',
    KVM: 'm',
    NR_CPUS: '64',
  });
  const { patches, source, sourceRevision } = fleet.kernels[web.kernel ?? ''] ?? {};
  assert.match(patches?.['bridge-helper'] ?? '', /^bridge-helper\.patch [0-9a-f]{12}$/);
  assert.deepEqual([source, sourceRevision], ['linux-6.12.5.tar.xz', 'v6.12.5']);
  // Each required symbol with its accepted values; if it is required twice, those that both accept.
  assert.deepEqual(web.kernelNeeds, {
    required: { BLOCK: 'y', KVM: 'm', XEN: 'n' },
    judgedByFlake: false,
    allowMissingModules: true,
    efiBootStub: true,
  });
  assert.equal(box.kernelNeeds, undefined);
});

test('images are evaluated with the system inside, beside machines of the same name', async () => {
  const images = {
    web: { configuration: 'web', image: ['system', 'build', 'images', 'disk'] },
    archive: { configuration: 'db', image: ['system', 'build', 'tarball'] },
    asserting: { configuration: 'asserting', image: ['system', 'build', 'images', 'disk'] },
    mistyped: { configuration: 'web', image: ['system', 'build', 'images', 'dsk'] },
    deeper: { configuration: 'web', image: ['system', 'stateVersion', 'x'] },
    nowhere: { configuration: 'wep', image: ['system', 'build', 'images', 'disk'] },
  };
  const fleet = await evaluateFixture(['web'], { images });
  assert.deepEqual(evaluated(fleet, 'web').facts.packages, { jq: '1.7.1' });
  assert.equal(evaluated(fleet, 'web').image, undefined);

  const { web, archive, asserting, mistyped, deeper, nowhere } = fleet.images;
  assert.ok(web?.ok && archive?.ok);
  assert.deepEqual(web.facts.packages, { growpart: '1.0' });
  assert.match(web.image?.drvPath ?? '', /-web-disk\.drv$/);
  assert.deepEqual([web.image?.file, web.image?.diskSizeMiB], ['web.qcow2', 512]);
  assert.deepEqual([archive.image?.file, archive.image?.diskSizeMiB], ['', undefined]);
  assert.match(archive.outPath, /-nixos-system-db-/);

  const messageOf = (image: FleetEvaluation['images'][string] | undefined) =>
    image && !image.ok ? image.error.message : '';
  assert.match(messageOf(asserting), /^image asserting: an assertion fails/);
  assert.match(messageOf(mistyped), /has no nixosConfigurations\.web\.config\.system\.build\.images\.dsk/);
  assert.match(messageOf(mistyped), /there are: disk\n.*Did you mean 'disk'\?/);
  assert.match(messageOf(deeper), /system\.stateVersion is empty/);
  assert.match(messageOf(nowhere), /has no nixosConfigurations\.wep/);

  const again = await evaluateFixture(['web'], { images: { web: images.web } });
  assert.equal(again.fromCache, true);
  assert.deepEqual(again.images.web, web);
});

test('outputs are evaluated to derivations, beside machines and images of the same name', async () => {
  const attribute = ['system', 'build', 'vm'];
  const outputs = {
    web: { configuration: 'web', attribute, host: 'web' },
    mistyped: { configuration: 'db', attribute: ['system', 'build', 'vmm'], host: 'db' },
    nowhere: { configuration: 'wep', attribute, host: 'try' },
    throwing: {
      configuration: 'throwing',
      attribute: ['systemd', 'units', 'web.service', 'text'],
      host: 'disk',
    },
  };
  const first = await evaluateFixture(['web'], { outputs });
  evaluated(first, 'web');
  const { web, mistyped, nowhere, throwing } = first.outputs;
  assert.ok(web?.ok && mistyped && nowhere && throwing);
  assert.match(web.drvPath, /-web-vm\.drv$/);
  assert.match(web.outPath, /-web-vm$/);
  const messageOf = (output: typeof mistyped) => (output.ok ? '' : output.error.message);
  assert.match(
    messageOf(mistyped),
    /^db: the flake has no nixosConfigurations\.db\.config\.system\.build\.vmm/,
  );
  assert.match(messageOf(mistyped), /Did you mean 'vm'\? Import the module/);
  assert.match(messageOf(nowhere), /^try: the flake has no nixosConfigurations\.wep/);
  assert.match(messageOf(throwing), /^disk: the configuration cannot be evaluated/);
  assert.match(messageOf(throwing), /no such colour: mauve/);

  const again = await evaluateFixture(['web'], { outputs: { web: outputs.web } });
  assert.equal(again.fromCache, true);
  assert.deepEqual(again.outputs.web, web);
});

test('a second run evaluates nothing, and a new host is evaluated alone', async () => {
  const first = await evaluateFixture(['web', 'db']);
  assert.equal(first.fromCache, false);
  const progress: string[] = [];
  const second = await evaluateFixture(['web', 'db'], { onProgress: (message) => progress.push(message) });
  assert.deepEqual(second, { ...first, fromCache: true });
  assert.equal(progress.length, 0);
  const third = await evaluateFixture(['web', 'db', 'box'], {
    onProgress: (message) => progress.push(message),
  });
  assert.match(progress[0] ?? '', /^evaluating 1 configuration …/);
  assert.deepEqual(third.hosts.web, first.hosts.web);
  evaluated(third, 'box');
});

test('an edit changes only the facts that it affects, and its lines are shown', async () => {
  const folder = await ownFlake();
  const before = evaluated(await evaluateFixture(['web', 'db'], { folder }), 'web').facts;
  await edit(folder, 'flake.nix', '--port 80', '--port 81');
  const fleet = await evaluateFixture(['web', 'db'], { folder });
  const after = evaluated(fleet, 'web').facts;
  const { 'web.service': changed = '', ...units } = after.units;
  const { 'web.service': old = '', ...oldUnits } = before.units;
  assert.deepEqual(
    { ...after, units, switching: undefined },
    { ...before, units: oldUnits, switching: undefined },
  );
  assert.deepEqual(consequences(before, after), ['the switch restarts web']);
  assert.deepEqual(explainTextChange(old, changed), [
    '- ExecStart=/bin/web --port 80',
    '+ ExecStart=/bin/web --port 81',
  ]);
});

test('an edit of a file that a unit names changes the unit’s fact', async () => {
  const folder = await ownFlake();
  const before = evaluated(await evaluateFixture(['web'], { folder }), 'web').facts;
  await edit(folder, 'system.nix', 'listen 80', 'listen 81');
  const after = evaluated(await evaluateFixture(['web'], { folder }), 'web').facts;
  assert.deepEqual(explainTextChange(before.units['web.service'] ?? '', after.units['web.service'] ?? ''), [
    '- listen 80',
    '+ listen 81',
  ]);
  assert.notEqual(after.etc['web.conf'], before.etc['web.conf']);
  assert.equal(after.units['off.service'], before.units['off.service']);
});

for (const workers of [1, 2]) {
  test(`each host that fails has its own error, and the others are evaluated (workers: ${workers})`, async () => {
    const names = ['web', 'asserting', 'box', 'throwing', 'lacking', 'broken', 'db', 'wep'];
    const fleet = await evaluateFixture(names, { workers });
    for (const name of ['web', 'box', 'db']) evaluated(fleet, name);

    const assertion = failed(fleet, 'asserting');
    assert.equal(assertion.code, 'assertion-failed');
    assert.equal(assertion.why, 'services.web.port must not be 22');

    const thrown = failed(fleet, 'throwing');
    assert.equal(thrown.code, 'evaluation-failed');
    assert.equal(thrown.why, 'no such colour: mauve');
    assert.match(thrown.fix ?? '', /nix eval --show-trace \S+#nixosConfigurations\.throwing\./);

    const missing = failed(fleet, 'lacking');
    assert.equal(missing.code, 'evaluation-failed');
    assert.match(missing.why ?? '', /^attribute 'mauve' missing\nat \S+\/fleet\/lacking\.nix:3:10:/);
    assert.match(missing.why ?? '', /text = colours\.mauve;/);

    const syntax = failed(fleet, 'broken');
    assert.equal(syntax.code, 'flake-invalid');
    assert.match(syntax.why ?? '', /\/fleet\/broken\.nix:3:1:/);

    const unknown = failed(fleet, 'wep');
    assert.equal(unknown.code, 'flake-invalid');
    assert.match(unknown.message, /^wep: the flake has no nixosConfigurations\.wep/);
    assert.match(unknown.why ?? '', /asserting, box, broken, db/);
    assert.match(unknown.fix ?? '', /Did you mean 'web'\?/);
  });
}

test('failed assertions are reported alone, although the values that they guard cannot be evaluated (fault 71)', async () => {
  const guarded = failed(await evaluateFixture(['guarded']), 'guarded');
  assert.equal(guarded.code, 'assertion-failed');
  assert.equal(guarded.why, 'services.web.text must be set');
});

test('a system without a kernel of its own has facts, and builds no kernel (faults 41, 70)', async () => {
  const fleet = await evaluateFixture(['wsl']);
  const wsl = evaluated(fleet, 'wsl');
  assert.equal(wsl.facts.container, false);
  assert.equal(wsl.facts.kernel.version, 'host');
  assert.deepEqual([wsl.kernel, wsl.kernelNeeds, wsl.warnings], [undefined, undefined, []]);
  assert.deepEqual(fleet.kernels, {});
});

test('a host that failed is evaluated again, and succeeds once it is fixed', async () => {
  const folder = await ownFlake();
  failed(await evaluateFixture(['lacking'], { folder }), 'lacking');
  failed(await evaluateFixture(['lacking'], { folder }), 'lacking');
  await edit(folder, 'lacking.nix', 'colours = { };', 'colours.mauve = "[Service]";');
  evaluated(await evaluateFixture(['lacking'], { folder }), 'lacking');
});

test('a flake for colmena alone is one error, which says how its systems are used (fault 76)', async () => {
  const folder = await ownFlake();
  const outputs = async (text: string) => {
    await writeFile(join(folder, 'flake.nix'), `{ outputs = _: { ${text} }; }`);
    return await evaluateFixture(['web', 'db'], { folder, workers: 2 }).catch((error: FleetError) => error);
  };
  const hive = await outputs('colmena.web = { };');
  assert.ok(hive instanceof FleetError);
  assert.equal(hive.code, 'flake-invalid');
  assert.match(hive.message, /^the flake has no nixosConfigurations/);
  assert.match(hive.fix ?? '', /nixosConfigurations = \(colmena\.lib\.makeHive self\.colmena\)\.nodes;/);
  const made = await outputs('colmenaHive.nodes = { };');
  assert.match((made as FleetError).fix ?? '', /nixosConfigurations = self\.colmenaHive\.nodes;/);
  const other = await outputs('packages = { };');
  assert.match((other as FleetError).message, /its outputs are: packages/);
});

test('a flake whose nixosConfigurations fail is not one without them', async () => {
  const folder = await ownFlake();
  for (const [configurations, why] of [
    ['throw "no hosts today"', /^no hosts today/],
    ['import ./hosts.nix', /hosts\.nix.* does not exist/],
  ] as const) {
    await writeFile(
      join(folder, 'flake.nix'),
      `{ outputs = _: { nixosConfigurations = ${configurations}; }; }`,
    );
    const { web } = (await evaluateFixture(['web', 'db'], { folder })).hosts;
    assert.ok(web && !web.ok);
    assert.equal(web.error.host, 'web, db');
    assert.match(web.error.why ?? '', why);
  }
});

test('an evaluator that is killed is reported as that, without the expression that it evaluated', async (t) => {
  const folder = await ownFolder();
  const { PATH = '' } = process.env;
  const nix = (await run('sh', ['-c', 'command -v nix'], { timeoutSeconds: 30 })).stdout.trim();
  const program = `#!/bin/sh\ncase "$*" in *'mark = '*) kill -9 $$ ;; esac\nexec ${nix} "$@"\n`;
  await writeFile(join(folder, 'nix'), program, { mode: 0o755 });
  process.env.PATH = `${folder}:${PATH}`;
  t.after(() => {
    process.env.PATH = PATH;
  });
  const { web } = (await evaluateFixture(['web'])).hosts;
  assert.ok(web && !web.ok);
  assert.match(web.error.message, /^web: the evaluation did not end \[evaluation-failed\]/);
  assert.match(web.error.why ?? '', /^Nix was killed by SIGKILL, probably .* out of memory$/);
});

test('a build that the evaluation needs, and that fails, is shown with its log', async () => {
  const folder = await ownFlake();
  const build =
    'derivation { name = "text"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo nothing to see >&2; exit 3" ]; }';
  await edit(folder, 'lacking.nix', 'colours = { };', `colours.mauve = builtins.readFile (${build});`);
  assert.match(
    failed(await evaluateFixture(['lacking'], { folder }), 'lacking').why ?? '',
    /> nothing to see/,
  );
});

test('a flake whose outputs fail is one error of all hosts (fault 75)', async () => {
  const folder = await ownFlake();
  await edit(folder, 'flake.nix', 'outputs = _: {', 'outputs = _: throw "no outputs today" {');
  const fleet = await evaluateFixture(['web', 'db'], { folder });
  const [web, db] = [fleet.hosts.web, fleet.hosts.db];
  assert.ok(web && !web.ok && db && !db.ok);
  assert.equal(web.error, db.error);
  assert.equal(web.error.host, 'web, db');
  assert.equal(web.error.why, 'no outputs today');
});

test('a host and its attribute may have different names', async () => {
  const fleet = await evaluateFixture([], { hosts: { frontend: 'web', 'second "front"': 'web' } });
  assert.deepEqual(fleet.hosts.frontend, fleet.hosts['second "front"']);
  assert.match(evaluated(fleet, 'frontend').outPath, /nixos-system-web/);
});

test('a tree that changes during its evaluation is evaluated again', async () => {
  const folder = await ownFlake();
  let edited: Promise<void> | undefined;
  const onProgress = () => {
    edited ??= edit(folder, 'flake.nix', '--port 80', '--port 81');
  };
  const fleet = await evaluateFixture(['web'], { folder, onProgress });
  await edited;
  const again = await evaluateFixture(['web'], { folder });
  assert.deepEqual(again.hosts, fleet.hosts);
  await appendFile(join(folder, 'flake.nix'), '\n');
  const fresh = await evaluateFixture(['web'], { folder });
  assert.equal(evaluated(fresh, 'web').outPath, evaluated(fleet, 'web').outPath);
});

test('a cache that cannot be written is no error', async () => {
  const folder = await ownFolder();
  await writeFile(join(folder, 'nixos-fleet'), '');
  process.env.XDG_CACHE_HOME = folder;
  evaluated(await evaluateFixture(['web']), 'web');
});

test('an abort ends the evaluation', async () => {
  await assert.rejects(
    evaluateFixture(['web'], { signal: AbortSignal.abort() }),
    (error) => error instanceof FleetError && error.code === 'cancelled',
  );
});
