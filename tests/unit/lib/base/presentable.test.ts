import assert from 'node:assert/strict';
import { test } from 'node:test';
import { presentable, printable } from '../../../../lib/base/presentable.ts';

test('escape sequences, control characters and marks of direction do not reach a terminal (fault 77)', () => {
  assert.equal(printable('\x1b[31mred\x1b[0m \x1b]0;title\x07\x1b[2Jtext'), 'red text');
  assert.equal(printable('a\x07b\x85c'), 'a�b�c');
  assert.equal(printable('safe\u202Etxt.exe'), 'safe�txt.exe');
  assert.equal(printable('tab\tand\nline'), 'tab\tand\nline');
});

test('of a line that was overwritten, the last form is shown (fault 77)', () => {
  assert.equal(printable('10 %\r 50 %\r100 %\r\nnext\r\n'), '100 %\nnext\n');
});

test('binary data is named by its length (fault 77)', () => {
  const locked = `\x00GITCRYPT\x00${Buffer.from([0x8f, 0x02, 0x91, 0xff, 0xfe, 0x01]).toString('utf8').repeat(9)}`;
  assert.match(
    printable(`error: syntax error\n${locked}\nat line 1`),
    /^error: syntax error\n\[\d+ characters of binary data\]\nat line 1$/,
  );
});

test('a long line is cut in its middle (fault 77)', () => {
  const shown = printable(`begin ${'x'.repeat(5000)} end`);
  assert.ok(shown.length < 1000, String(shown.length));
  assert.match(shown, /^begin x+ … 4\d\d\d? more characters … x+ end$/);
});

const secrets: [name: string, text: string, shown: string][] = [
  ['variable of a unit', '+ Environment=TOKEN=abc123', '+ Environment=TOKEN=[secret]'],
  [
    'quoted variable',
    'Environment="DB_PASSWORD=a b" "HOME=/x"',
    'Environment="DB_PASSWORD=[secret]" "HOME=/x"',
  ],
  ['exported variable', "export API_KEY='s3cr3t'", "export API_KEY='[secret]'"],
  ['variable with a secret word in its middle', 'SECRET_KEY_BASE=0123abcd', 'SECRET_KEY_BASE=[secret]'],
  ['base64', 'TOKEN=YWJjZA==', 'TOKEN=[secret]'],
  ['option', 'curl --password hunter2 -x', 'curl --password [secret] -x'],
  [
    'option with =',
    'restic --repository-password=hunter2 backup',
    'restic --repository-password=[secret] backup',
  ],
  ['JSON', '  "clientSecret": "abc",', '  "clientSecret": "[secret]",'],
  ['YAML in a diff', '- password: hunter2', '- password: [secret]'],
  ['Nix', '    wifi.psk = "abc";', '    wifi.psk = "[secret]";'],
  ['header', "curl -H 'Authorization: Bearer abc.def' x", "curl -H 'Authorization: Bearer [secret]' x"],
  ['basic header', 'authorization: Basic dXNlcjpw', 'authorization: Basic [secret]'],
  [
    'URL',
    'fetching git+https://bob:hunter2@git.example.org/x.git',
    'fetching git+https://bob:[secret]@git.example.org/x.git',
  ],
  ['query', 'https://x.org/a?access_token=abc&b=1', 'https://x.org/a?access_token=[secret]&b=1'],
  [
    'private key',
    '+ -----BEGIN OPENSSH PRIVATE KEY-----\n+ abc\n+ -----END OPENSSH PRIVATE KEY-----',
    '+ -----BEGIN OPENSSH PRIVATE KEY----- [secret] -----END OPENSSH PRIVATE KEY-----',
  ],
  ['GitHub token', `in ghp_${'a'.repeat(36)} it`, 'in [secret] it'],
  ['password hash', `root:$6$saltsalt$${'h'.repeat(86)}:1`, 'root:[secret]:1'],
];
for (const [name, text, shown] of secrets) {
  test(`a secret is hidden: ${name} (fault 49)`, () => assert.equal(presentable(text), shown));
}

const harmless: string[] = [
  'LoadCredential=token:/run/keys/token',
  'TOKEN_FILE=/run/secrets/token',
  '--password-file /run/secrets/db',
  'PASSWORD=$DB_PASSWORD',
  '~ config.CRYPTO_USER_API_KEY: "y"',
  'CONFIG_MODULE_SIG_KEY="certs/signing_key.pem"',
  '+ packages.secret-tool: "1.2.3"',
  '+ users.root.keys["SHA256:abc"]: "me@example.org"',
  'trusted-public-keys = cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=',
  'hostKey: ssh-ed25519',
  'no root password: sudo asks for one',
  'sudo: a password is required',
  'becomePassword: must be text, not a number',
  'fix:  Set the secret with: pulumi config set --secret',
  'http://[fd00::1]:8080/ and https://user@host/',
  'urn:pulumi:dev::fleet::nixos:index:Secret::web-token',
];
for (const text of harmless) {
  test(`no secret: ${text}`, () => assert.equal(presentable(text), text));
}
