import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertionError, evaluationError } from '../../../../lib/evaluation/host-error.ts';

test('the assertion about the EFI stub has a fix', () => {
  const stub = assertionError('web', ['This kernel does not support the EFI boot stub']);
  assert.match(stub.fix ?? '', /features\.efiBootStub = true/);
  const other = assertionError('web', ['the moon is full', 'the tide is high']);
  assert.equal(other.why, '- the moon is full\n- the tide is high');
  assert.doesNotMatch(other.fix ?? '', /efiBootStub/);
});

const flake = {
  flakeRef: '/home/me/fleet',
  overrides: [],
  storePath: '/nix/store/0123456789abcdfghijklmnpqrsvwxyz-source',
  localPath: '/home/me/fleet',
} as never as Parameters<typeof evaluationError>[2];
const errorOf = (stderr: string) => evaluationError('web', { configuration: 'web' }, flake, stderr);

test('an input that cannot be fetched is named as that (fault 79)', () => {
  const error = errorOf(
    "error:\n       … while fetching the input 'github:a/b'\n\n       error: unable to download 'https://api.github.com/x': Could not resolve host: api.github.com\n",
  );
  assert.match(error.message, /^web: an input of the flake cannot be fetched \[flake-invalid\]/);
  assert.match(error.fix ?? '', /network/);
});

test('a throw is shown with its option and the file that defines it (fault 79)', () => {
  const error = errorOf(
    `error:
       … while evaluating the option \`system.build.toplevel':

       … while evaluating the option \`services.backup.target':

       … while evaluating definitions from \`${flake.storePath}/hosts/web.nix':

       … while calling the 'throw' builtin

       error: the disk is not given
`,
  );
  assert.equal(
    error.why,
    'the disk is not given\nwhile evaluating the option services.backup.target, defined in /home/me/fleet/hosts/web.nix',
  );
});

test('a missing rev of a tree with changes has a hint (fault 79)', () => {
  const error = errorOf("error: attribute 'rev' missing\n       at /x/flake.nix:3:4:\n");
  assert.match(error.fix ?? '', /^A tree with uncommitted changes has no revision: .*\nFor the full trace/);
});

test('an infinite recursion is shown with the argument of the module that needs itself, and how to pass it', () => {
  const trace = (argument: string) => `error:
       … while evaluating the module argument \`${argument}' in "${flake.storePath}/hosts/web.nix":

       … if you get an infinite recursion here, you probably reference \`config\` in \`imports\`.

       error: infinite recursion encountered
`;
  const inputs = errorOf(trace('inputs'));
  assert.match(
    inputs.why ?? '',
    /^infinite recursion encountered\nwhile evaluating the module argument 'inputs' in \/home\/me\/fleet\/hosts\/web\.nix$/,
  );
  assert.match(inputs.fix ?? '', /specialArgs = \{ inherit inputs; \}/);
  assert.match(errorOf(trace('config')).fix ?? '', /cannot depend on config/);
});

test('an argument of a module that nobody passes is shown with how to pass it', () => {
  const error = errorOf(`error: attribute 'inputs' missing
       at «github:NixOS/nixpkgs/abc»/lib/modules.nix:731:13:
          730|             "noting that argument"
          731|             config._module.args.\${name}
`);
  assert.match(error.fix ?? '', /specialArgs = \{ inherit inputs; \}/);
});

test('what a module fetches is no input of the flake', () => {
  const error = errorOf("error: unable to download 'http://example.org/x': HTTP error 404\n");
  assert.match(error.message, /^web: what the configuration fetches cannot be fetched \[evaluation-failed\]/);
});
