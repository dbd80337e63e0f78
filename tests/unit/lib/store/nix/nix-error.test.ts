import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isFetchError,
  isSyntaxError,
  parseNixError,
  withLocalPaths,
} from '../../../../../lib/store/nix/nix-error.ts';

const source = '/nix/store/kca71jvx7a42x0779b0mz15npyggx956-source';

test('the innermost error of a trace is kept, with its position', () => {
  const stderr = `warning: Git tree is dirty
error:
       … while calling the 'seq' builtin
         at «string»:339:1:

       (stack trace truncated; use '--show-trace' to show the full, detailed trace)

       error: attribute 'mauve' missing
       at ${source}/lacking.nix:3:10:
            2|   colours = { };
            3|   text = colours.mauve;
             |          ^
`;
  const message = parseNixError(stderr);
  assert.equal(message.split('\n')[0], "attribute 'mauve' missing");
  assert.equal(message.split('\n')[1], `at ${source}/lacking.nix:3:10:`);
  assert.equal(
    withLocalPaths(message, source, '/home/me/fleet').split('\n')[1],
    'at /home/me/fleet/lacking.nix:3:10:',
  );
});

test('an error without a trace is kept; without an error, the last lines are', () => {
  assert.equal(parseNixError("error: path '/x' does not exist\n"), "path '/x' does not exist");
  assert.equal(parseNixError('Killed\n'), 'Killed');
  assert.equal(parseNixError(''), '');
});

test('a syntax error is distinguished from an evaluation error', () => {
  assert.ok(isSyntaxError("syntax error, unexpected '}'\nat /home/me/fleet/web.nix:3:1:"));
  assert.ok(isSyntaxError("undefined variable 'pgks'\nat /home/me/fleet/web.nix:3:1:"));
  assert.ok(!isSyntaxError("attribute 'x' missing\nat /home/me/fleet/web.nix:3:1:"));
});

test('the text of a throw does not make it another error', () => {
  for (const text of [
    'failed to connect to the database is not set',
    'connection timed out must be set',
    'HTTP error 404 page is not configured',
    "evaluation aborted with the following error message: 'cannot connect'",
  ])
    assert.ok(!isFetchError(text), text);
  for (const text of ['syntax error in services.web.config', 'the port is wrong:\nundefined variable FOO'])
    assert.ok(!isSyntaxError(text), text);
  for (const text of [
    "unable to download 'https://example.org/x': HTTP error 404",
    "Failed to fetch git repository 'https://example.org/x.git'",
    'program failed:\nssh: connect to host example.org port 22: Connection timed out',
  ])
    assert.ok(isFetchError(text), text);
});

test('a line of source that an error shows does not make it another error', () => {
  const shown = `attribute 'mauve' missing
at /home/me/fleet/backup.nix:3:10:
     2|unable to download 'x'
     3|   text = colours.mauve;
      |          ^`;
  assert.ok(!isFetchError(shown));
  assert.ok(isFetchError(`unable to download 'https://example.org/x'\n${shown}`));
});
