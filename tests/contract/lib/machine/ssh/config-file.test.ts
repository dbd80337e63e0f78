import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { run } from '../../../../../lib/base/process/run.ts';
import { sshArgs } from '../../../../../lib/machine/ssh/arguments.ts';
import type { Connection } from '../../../../../schema/connection.ts';

const base: Connection = { address: '192.0.2.7', user: 'root', connectTimeoutSeconds: 15 };
const jumpKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

/** The settings that `ssh -G` derives from its arguments, by keyword in lower case. */
async function understood(args: readonly string[]): Promise<Map<string, string>> {
  const { stdout } = await run('ssh', ['-G', ...args], { timeoutSeconds: 10 });
  return new Map(
    stdout.split('\n').map((line) => [line.split(' ', 1)[0] ?? '', line.slice(line.indexOf(' ') + 1)]),
  );
}

/** The arguments of the ssh that a ProxyCommand runs. */
function wayOf(settings: Map<string, string>): string[] {
  const command = /^ssh -F (\S+) -W '\[%h\]:%p' -- (\S+)$/.exec(settings.get('proxycommand') ?? '');
  assert.ok(command, settings.get('proxycommand'));
  return ['-F', command[1] ?? '', command[2] ?? ''];
}

test('the host keys of all jump hosts are checked', async () => {
  const connection = { ...base, proxyJump: 'ops@near:2200,far' };
  const target = await understood(sshArgs(connection));
  const far = await understood(wayOf(target));
  const near = await understood(wayOf(far));
  assert.equal(far.get('hostname'), 'far');
  assert.deepEqual([near.get('hostname'), near.get('user'), near.get('port')], ['near', 'ops', '2200']);
  assert.equal(near.get('proxycommand'), undefined);
  for (const settings of [target, far, near]) {
    assert.equal(settings.get('stricthostkeychecking'), 'true');
    assert.equal(settings.get('batchmode'), 'yes');
    assert.equal(settings.get('forwardagent'), 'no');
    assert.equal(settings.get('connecttimeout'), '15');
  }
});

test('proxyJumpHostKey is the only key accepted from the jump host', async () => {
  const connection = { ...base, proxyJump: 'gate', proxyJumpHostKey: `${jumpKey} comment` };
  const gate = await understood(wayOf(await understood(sshArgs(connection))));
  assert.equal(readFileSync(gate.get('userknownhostsfile') ?? '', 'utf8'), `gate ${jumpKey}\n`);
  assert.equal(gate.get('globalknownhostsfile'), '/dev/null');
  assert.equal(gate.get('hostkeyalias'), 'gate');
});

test('the identity file is used for the jump host too', async () => {
  const connection = { ...base, proxyJump: 'gate', identityFile: '/keys/id' };
  const gate = await understood(wayOf(await understood(sshArgs(connection))));
  assert.equal(gate.get('identityfile'), '/keys/id');
});

test('the user’s sshOptions win over ours, also with white space', async () => {
  const options = { Ciphers: 'aes256-gcm@openssh.com', ProxyCommand: 'nc -X 5 %h %p', forwardagent: 'yes' };
  const connection = { ...base, sshOptions: options };
  const args = sshArgs(connection);
  assert.ok(args.every((argument) => !/\s/.test(argument)));
  const settings = await understood(args);
  assert.equal(settings.get('ciphers'), 'aes256-gcm@openssh.com');
  assert.equal(settings.get('proxycommand'), 'nc -X 5 %h %p');
  assert.equal(settings.get('forwardagent'), 'yes');
  assert.equal(settings.get('stricthostkeychecking'), 'true');
});

test('the agent is forwarded to the machine, not to its jump hosts', async () => {
  const target = await understood(sshArgs({ ...base, user: 'ops', proxyJump: 'gate', forwardAgent: true }));
  assert.equal(target.get('forwardagent'), 'yes');
  assert.equal((await understood(wayOf(target))).get('forwardagent'), 'no');
});

test('serverAliveSeconds applies to the machine and its jump hosts', async () => {
  const lostAfter = (settings: Map<string, string>) =>
    Number(settings.get('serveraliveinterval')) * Number(settings.get('serveralivecountmax'));
  assert.equal(lostAfter(await understood(sshArgs(base))), 15);
  const target = await understood(sshArgs({ ...base, proxyJump: 'gate', serverAliveSeconds: 60 }));
  assert.equal(lostAfter(target), 60);
  assert.equal(lostAfter(await understood(wayOf(target))), 60);
  assert.equal(lostAfter(await understood(sshArgs({ ...base, serverAliveSeconds: 1 }))), 3);
});
