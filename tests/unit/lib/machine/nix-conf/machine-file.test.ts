import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  builderProblems,
  buildersFileText,
  probeVariables,
} from '../../../../../lib/machine/nix-conf/machine-file.ts';
import { Reply } from '../../../../../lib/machine/script/reply.ts';
import { machineBuilder } from '../../../../../schema/machine-builders.ts';

const one = (address: string) =>
  machineBuilder.parse({
    address,
    hostKey: 'ssh-ed25519 AAAAbig',
    user: 'nix-ssh',
    identityFile: '/etc/ssh/ssh_host_ed25519_key',
    systems: ['x86_64-linux'],
  });
const builders = { big: one('big.example.org'), arm: one('arm.example.org') };
const encode = (text: string) => Buffer.from(text).toString('base64');

test('the file lists all builders by name after the machine’s own', () => {
  const text = buildersFileText({ builders });
  const { big, arm } = builders;
  assert.equal(text, buildersFileText({ builders: { arm, big } }));
  const [, line = ''] = text.split('\n');
  const [own, first, second] = line.replace('builders = ', '').split(' ; ');
  assert.equal(own, '@/etc/nix/machines');
  assert.match(
    first ?? '',
    /^ssh-ng:\/\/nix-ssh@arm\.example\.org x86_64-linux \/etc\/ssh\/ssh_host_ed25519_key 1 1 /,
  );
  assert.match(second ?? '', /^ssh-ng:\/\/nix-ssh@big\.example\.org /);
  assert.match(text, /^builders-use-substitutes = true$/m);
});

test('a machine probes each builder as its Nix connects to it, with a timeout', () => {
  const { builders: lines, limit, NIX_SSHOPTS } = probeVariables(builders);
  assert.equal(limit, '15');
  assert.match(NIX_SSHOPTS, /ConnectTimeout=5/);
  assert.match(
    lines,
    /^big\tssh-ng:\/\/nix-ssh@big\.example\.org\?base64-ssh-public-host-key=\S+\t\/etc\/ssh\//,
  );
});

test('an unusable builder is reported with the reason, and with the key to authorize', () => {
  const refused = encode(
    'nix-ssh@big.example.org: Permission denied (publickey).\nerror: failed to start SSH\n',
  );
  const answers = (big: string, arm: string) =>
    new Reply('web', {
      stdout: `builders=@/etc/nix/machines ; ssh-ng://nix-ssh@big.example.org x86_64-linux\nanswer=big ${big}\nanswer=arm ${arm}\n`,
    });
  const ok = `0 ${encode('{"trusted":1,"version":"2.34.7"}')}  `;
  assert.deepEqual(builderProblems(builders, answers(ok, ok)), { unusable: {}, notInForce: ['arm'] });
  const { unusable } = builderProblems(
    builders,
    answers(`1  ${refused} ${encode('ssh-ed25519 AAAAmine\n')}`, `0 ${encode('{"trusted":0}')}  `),
  );
  assert.match(unusable.big ?? '', /Permission denied.*; its key there is: ssh-ed25519 AAAAmine$/);
  assert.match(unusable.arm ?? '', /its Nix does not trust nix-ssh/);
  assert.match(builderProblems(builders, answers(ok, '124   ')).unusable.arm ?? '', /no answer within 15 s/);
  assert.ok('big' in builderProblems(builders, new Reply('web', { stdout: 'cut off' })).unusable);
});
