import { FleetError } from '../../base/errors.ts';
import { closest } from '../../base/text.ts';

/** What an input is locked to. Each type of input has other fields. */
export interface LockedSource {
  type?: string;
  /** Last modification at its source, in seconds since 1970. */
  lastModified?: number;
  rev?: string;
  narHash?: string;
  path?: string;
}

interface LockNode {
  /** Input to the name of its node, or to the path of the input that it follows. */
  inputs?: Record<string, string | string[]>;
  locked?: LockedSource;
  /** False for an input that is only a tree of files. */
  flake?: boolean;
  /** Path of the input that a relative folder belongs to; empty for the flake itself. */
  parent?: string[];
}

/** The content of a flake.lock. */
export interface Locks {
  root: string;
  nodes: Record<string, LockNode>;
}

/**
 * What an input is locked to; `home-manager/nixpkgs` is an input of an input.
 * @throws FleetError flake-invalid if the input does not exist, follows another input, or is an unlocked folder
 */
export function lockedInput(locks: Locks, path: string): LockedSource {
  const steps = path.split('/');
  let node = locks.nodes[locks.root];
  for (const [index, step] of steps.entries()) {
    const inputs = node?.inputs ?? {};
    const next = Object.hasOwn(inputs, step) ? inputs[step] : undefined;
    if (next === undefined) throw unknownInput(steps.slice(0, index), step, Object.keys(inputs));
    if (Array.isArray(next)) {
      throw new FleetError({
        code: 'flake-invalid',
        what: `the input ${path} cannot be updated on its own`,
        why: `${steps.slice(0, index + 1).join('/')} follows ${next.join('/') || 'the flake itself'}`,
        fix:
          next.length > 0
            ? `Update the input that it follows: ${[...next, ...steps.slice(index + 1)].join('/')}`
            : undefined,
      });
    }
    node = locks.nodes[next];
  }
  const locked = node?.locked ?? {};
  if (locked.type === 'path' && locked.narHash === undefined) {
    throw new FleetError({
      code: 'flake-invalid',
      what: `the input ${path} has no versions`,
      why: `it is the folder ${locked.path}, which is not locked`,
    });
  }
  return locked;
}

function unknownInput(parents: readonly string[], step: string, known: readonly string[]): FleetError {
  const near = closest(step, known);
  const owner = parents.length > 0 ? `the input ${parents.join('/')}` : 'the flake';
  return new FleetError({
    code: 'flake-invalid',
    what: `${owner} has no input ${step}`,
    why: known.length > 0 ? `it has: ${[...known].sort().join(', ')}` : 'it has no inputs',
    fix: near
      ? `Did you mean '${[...parents, near].join('/')}'?`
      : known.length > 0
        ? 'Name one of these.'
        : 'Add it to the inputs of flake.nix first.',
  });
}

export interface InputChange {
  /** Such as nixpkgs, or home-manager/nixpkgs. */
  path: string;
  /** `before` is absent for an added input, `after` for a removed one. */
  before?: LockedSource;
  after?: LockedSource;
}

/** The inputs, and inputs of inputs, that differ between two locks. */
export function changedInputs(before: Locks, after: Locks): InputChange[] {
  const [old, now] = [allInputs(before), allInputs(after)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((path) => {
    const [was, is] = [old.get(path), now.get(path)];
    if (JSON.stringify(was) === JSON.stringify(is)) return [];
    return [{ path, ...(was ? { before: was } : {}), ...(is ? { after: is } : {}) }];
  });
}

/** Every input by its path, without those that follow another one. */
function allInputs({ root, nodes }: Locks): Map<string, LockedSource> {
  const found = new Map<string, LockedSource>();
  const visit = (name: string, parents: readonly string[]) => {
    for (const [input, next] of Object.entries(nodes[name]?.inputs ?? {})) {
      if (Array.isArray(next)) continue;
      const path = [...parents, input];
      found.set(path.join('/'), nodes[next]?.locked ?? {});
      visit(next, path);
    }
  };
  visit(root, []);
  return found;
}
