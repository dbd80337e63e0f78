import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { run } from '../../lib/base/process/run.ts';
import { CliProject } from './cli-project.ts';

/** `npm run update` on a stack whose flake has an input in a repository, by the real CLI. Each test continues from the previous one. */
const project = new CliProject();
after(() => project.remove());
const kit = join(project.folder, 'kit');
const lock = join(project.folder, 'flake/flake.lock');

const update = (...args: string[]) => project.node('commands/update/main.ts', ...args, '--stack', 'dev');
const lockText = () => readFileSync(lock, 'utf8');
const lockedRevision = () => JSON.parse(lockText()).nodes.kit.locked.rev as string;

/** Commits a new version of the input: the jq version of web, and a unit's text of db. */
async function commit(jq: string, text = '"[Service]\\nExecStart=/bin/db\\n"'): Promise<string> {
  mkdirSync(kit, { recursive: true });
  writeFileSync(join(kit, 'flake.nix'), `{ outputs = _: { jq = "${jq}"; text = ${text}; }; }`);
  const git = async (...args: string[]) => (await run('git', args, { cwd: kit, timeoutSeconds: 60 })).stdout;
  await git('init', '-q');
  await git('add', '.');
  await git('-c', 'user.name=t', '-c', 'user.email=t@example.org', 'commit', '-qm', jq);
  return (await git('rev-parse', 'HEAD')).trim();
}

before(async () => {
  const { exitCode, text } = await project.pulumi('stack', 'init', 'dev');
  assert.equal(exitCode, 0, text);
  await commit('1.7.1');
  const flake = join(project.folder, 'flake');
  cpSync(new URL('../fixtures/flakes/fleet', import.meta.url).pathname, flake, { recursive: true });
  const file = join(flake, 'flake.nix');
  writeFileSync(
    file,
    readFileSync(file, 'utf8')
      .replace('outputs = _:', `inputs.kit.url = "git+file://${kit}";\n  outputs = { kit, ... }:`)
      .replace('version = "1.7.1"', 'version = kit.jq')
      .replace('--port 80\\n', `--jq \${kit.jq}\\n`)
      .replace('text = "[Service]\\nExecStart=/bin/db\\n"', 'text = kit.text'),
  );
  await run(
    'nix',
    ['--extra-experimental-features', 'nix-command flakes', 'flake', 'lock', `path:${flake}`],
    {
      timeoutSeconds: 60,
    },
  );
  await project.pulumi('config', 'set', 'flake', 'path:./flake');
  for (const host of ['web', 'db', 'box', 'throwing']) {
    await project.pulumi('config', 'set', '--path', `hosts.${host}.address`, `${host}.example.org`);
  }
  await project.pulumi('config', 'set', '--path', 'hosts.db.reboot', 'when-needed');
  await project.pulumi('config', 'set', '--path', 'images.disk.configuration', 'web');
  await project.pulumi('config', 'set', '--path', 'images.disk.attribute', 'system.build.images.disk');
  await project.pulumi('config', 'set', '--path', 'hosts.web.becomePassword', 'hush-hush', '--secret');
});

test('an input at its newest version needs no update', async () => {
  const { exitCode, text } = await update('kit');
  assert.equal(exitCode, 0, text);
  assert.equal(text, 'kit: already at the newest version\n');
});

test('a dry run shows each machine’s changes, and leaves the lock file as it is', async () => {
  const old = lockedRevision();
  const text = lockText();
  const now = await commit('1.8.0', '"[Service]\\nExecStart=/bin/db --fast\\n"');
  const shown = await update('kit', '--dry-run');
  assert.equal(shown.exitCode, 0, shown.text);
  assert.match(
    shown.text,
    new RegExp(
      `^kit: ${old.slice(0, 12)} of \\d{4}-\\d\\d-\\d\\d \\(0 days\\) → ${now.slice(0, 12)} of .* \\(0 days\\)$`,
      'm',
    ),
  );
  assert.match(
    shown.text,
    /^web: 2 changes; the switch restarts web\n {2}~ packages\.jq: "1\.7\.1" => "1\.8\.0"$/m,
  );
  assert.match(
    shown.text,
    /^db: 1 change; the switch restarts web\n {2}~ units\["web\.service"\]\n {6}- ExecStart=\/bin\/db\n {6}\+ ExecStart=\/bin\/db --fast$/m,
  );
  assert.match(shown.text, /^box: nothing changes$/m);
  assert.match(shown.text, /^throwing: did not evaluate before, either\n.*no such colour: mauve/ms);
  assert.match(shown.text, /^image disk: 1 change\n {2}~ units\["web\.service"\]$/m);
  assert.match(shown.text, /is unchanged: --dry-run/);
  assert.doesNotMatch(shown.text, /hush-hush/);
  assert.equal(lockText(), text);
});

test('an update writes the lock file, which the next evaluation reads', async () => {
  const { exitCode, text } = await update('kit');
  assert.equal(exitCode, 0, text);
  assert.match(text, /flake\.lock is updated\.\n$/);
  assert.match((await update('kit')).text, /already at the newest version/);
});

test('a cache folder that cannot be made is reported with its path and what to do, not as a bug', async () => {
  const before = process.env.XDG_CACHE_HOME;
  const cache = mkdtempSync(join(project.folder, 'cache-'));
  writeFileSync(join(cache, 'nixos-fleet'), 'a file in the way');
  process.env.XDG_CACHE_HOME = cache;
  try {
    const { exitCode, text } = await update('kit', '--dry-run');
    assert.equal(exitCode, 2, text);
    assert.ok(text.includes(`cannot create the folder ${cache}/nixos-fleet/v1/locks [system-failed]`), text);
    assert.match(text, /why: {2}not a directory \(ENOTDIR\)\n {2}fix: {2}Move the existing file away/);
    assert.doesNotMatch(text, /bug|usage:|\n\s+at /);
  } finally {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
  }
});

test('a machine that no longer evaluates keeps the old lock, unless --keep is given', async () => {
  const old = lockedRevision();
  const now = await commit('1.9.0', 'throw "db has lost its service"');
  const { exitCode, text } = await update('kit');
  assert.equal(exitCode, 1, text);
  assert.match(text, /^web: 2 changes; the switch restarts web$/m);
  assert.match(
    text,
    /^db: no longer evaluates\n {2}db: .*\[evaluation-failed\]\n.*db has lost its service/ms,
  );
  assert.match(text, /is unchanged, as db no longer evaluates/);
  assert.equal(lockedRevision(), old);
  // The command in the message works after the update has ended.
  const [, command = ''] = /nix eval (--show-trace .*nixosConfigurations\.db\..*)$/m.exec(text) ?? [];
  const nix = `nix --extra-experimental-features 'nix-command flakes' eval ${command}`;
  await assert.rejects(run('sh', ['-c', nix], { timeoutSeconds: 60 }), /db has lost its service/);

  const kept = await update('kit', '--keep');
  assert.equal(kept.exitCode, 1, kept.text);
  assert.equal(lockedRevision(), now);
  await commit('1.9.1');
  const fixed = await update('kit');
  assert.equal(fixed.exitCode, 0, fixed.text);
  assert.match(fixed.text, /^db: evaluates again$/m);
});

test('Ctrl-C stops an update, and leaves the lock file as it is', { timeout: 120_000 }, async () => {
  const text = lockText();
  const many = 'builtins.genList (x: x) 100000';
  await commit(
    '2.0.0',
    `toString (builtins.foldl' (a: _: builtins.foldl' (b: _: b + 1) a (${many})) 0 (${many}))`,
  );
  const args = ['kit', '--stack', 'dev'];
  const interrupted = await project.interruptNode(/^kit: .* → /m, 'commands/update/main.ts', ...args);
  assert.equal(interrupted.exitCode, 130, interrupted.text);
  assert.match(interrupted.text, /\[cancelled\]/);
  assert.equal(lockText(), text);
  const { stdout } = await run('ps', ['-eo', 'args'], { timeoutSeconds: 10 });
  assert.ok(!stdout.includes(`${project.folder}/flake#`), 'nix still evaluates');
  await commit('2.0.1');
});

test('an input that cannot be updated is an error with the reason, and nothing changes', async () => {
  const text = lockText();
  const refused = async (pattern: RegExp, ...args: string[]) => {
    const shown = await update(...args);
    assert.equal(shown.exitCode, 2, shown.text);
    assert.match(shown.text, pattern);
    assert.doesNotMatch(shown.text, /\n\s+at .*\.ts/);
  };
  await refused(/the flake has no input kat .*why: {2}it has: kit\n.*Did you mean 'kit'\?/s, 'kat');
  await refused(/the name of an input is missing .*inputs of the flake: kit of .*usage: nixos-fleet update/s);
  await refused(/unknown option '--force'.*usage: nixos-fleet update/s, 'kit', '--force');

  renameSync(kit, `${kit}-away`);
  await refused(/cannot update kit \[flake-invalid\]\n {2}why: .*fix: {2}.*/s, 'kit');
  renameSync(`${kit}-away`, kit);

  await project.pulumi('config', 'set', '--path', 'overrideInputs.kit', `path:${kit}`);
  await refused(
    /the input kit is overridden in this stack .*why: {2}overrideInputs replaces kit by path:/s,
    'kit',
  );
  await project.pulumi('config', 'rm', '--path', 'overrideInputs.kit');

  await project.pulumi('config', 'set', 'flake', `git+file://${kit}`);
  await refused(/the flake has no input kit .*it has no inputs/s, 'kit');
  assert.equal(lockText(), text);
});
