import { FleetError } from '../../base/errors.ts';
import { closest } from '../../base/text.ts';

/** What an input is locked to; what each kind of input has of it differs. */
export interface LockedSource {
  type?: string;
  /** When it was last changed at its origin, in seconds since 1970. */
  lastModified?: number;
  rev?: string;
  narHash?: string;
  path?: string;
}

interface LockNode {
  /** Input to the name of its node, or to the path of the input that it follows. */
  inputs?: Record<string, string | string[]>;
  locked?: LockedSource;
}

/** The content of a flake.lock. */
export interface Locks {
  root: string;
  nodes: Record<string, LockNode>;
}

/**
 * What an input is locked to; `home-manager/nixpkgs` is an input of an input. Pure.
 * @throws FleetError flake-invalid where there is none of that name, where it follows another, or is no more than a folder of the flake
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
        what: `the input ${path} cannot be updated by itself`,
        why: `${steps.slice(0, index + 1).join('/')} follows ${next.join('/') || 'the flake itself'}`,
        ...(next.length > 0
          ? { fix: `Update the input that it follows: ${[...next, ...steps.slice(index + 1)].join('/')}` }
          : {}),
      });
    }
    node = locks.nodes[next];
  }
  const locked = node?.locked ?? {};
  if (locked.type === 'path' && locked.narHash === undefined) {
    throw new FleetError({
      code: 'flake-invalid',
      what: `the input ${path} has no versions`,
      why: `it is the folder ${locked.path} beside the flake, which is taken as it is`,
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
    ...(near ? { fix: `Did you mean '${[...parents, near].join('/')}'?` } : {}),
  });
}

export interface InputChange {
  /** Such as nixpkgs, or home-manager/nixpkgs. */
  path: string;
  /** Absent for an input that is new or gone. */
  before?: LockedSource;
  after?: LockedSource;
}

/** The inputs, and inputs of inputs, that two locks hold at different versions. Pure. */
export function changedInputs(before: Locks, after: Locks): InputChange[] {
  const [old, now] = [allInputs(before), allInputs(after)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((path) => {
    const [was, is] = [old.get(path), now.get(path)];
    if (JSON.stringify(was) === JSON.stringify(is)) return [];
    return [{ path, ...(was ? { before: was } : {}), ...(is ? { after: is } : {}) }];
  });
}

/** Every input by its path; what follows another is that one's. */
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
