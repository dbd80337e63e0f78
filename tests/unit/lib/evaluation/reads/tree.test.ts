import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLogLine } from '../../../../../lib/evaluation/reads/observed-eval.ts';
import { ownFolders } from '../../../../../lib/evaluation/reads/tree.ts';
import type { Locks } from '../../../../../lib/store/nix/locks.ts';

const locks = (nodes: Locks['nodes']): Locks => ({ root: 'root', nodes });
const locked = { locked: { narHash: 'sha256-x' } };

test('inputs that are folders of the flake are named; any other use of the tree by an input is not observed', () => {
  assert.deepEqual(ownFolders(locks({ root: {} })), []);
  assert.deepEqual(ownFolders(locks({ root: { inputs: { nixpkgs: 'nixpkgs' } }, nixpkgs: locked })), []);
  const own = { locked: {}, parent: [], flake: false };
  assert.deepEqual(ownFolders(locks({ root: { inputs: { keys: 'keys_2' } }, keys_2: own })), ['keys']);
  const root = { inputs: { a: 'a' } };
  for (const [why, a] of Object.entries({
    'a flake in a folder': { ...own, flake: undefined },
    'a folder of an input': { ...own, parent: ['b'] },
    'a follow of the flake itself': { ...locked, inputs: { b: [] } },
    'an input whose content is not locked': { locked: { type: 'git' } },
  })) {
    assert.equal(ownFolders(locks({ root, a })), undefined, why);
  }
  assert.equal(ownFolders(locks({ root, a: { ...locked, inputs: { b: 'b' } }, b: own })), undefined);
});

test('messages for people are passed on line by line, others as they are', () => {
  const shown: string[] = [];
  const debug: string[] = [];
  const built: string[] = [];
  const handlers = {
    shown: (line: string) => shown.push(line),
    built: (line: string) => built.push(line),
    debug: (text: string) => debug.push(text),
  };
  const line = (event: object) => readLogLine(`@nix ${JSON.stringify(event)}`, handlers);
  line({ action: 'msg', level: 0, msg: '\u001b[31;1merror:\u001b[0m\n       no' });
  line({ action: 'msg', level: 4, msg: "evaluating file '\u001b[35;1m/x\u001b[0m'" });
  line({ action: 'start', level: 5, text: 'copying' });
  line({ action: 'result', id: 1, type: 101, fields: ['generated nothing'] });
  line({ action: 'result', id: 1, type: 105, fields: [0, 1, 1, 0] });
  readLogLine('not in the format', handlers);
  assert.deepEqual(shown, ['error:', '       no', 'not in the format']);
  assert.deepEqual(built, ['generated nothing']);
  assert.deepEqual(debug, ["evaluating file '/x'"]);
});
