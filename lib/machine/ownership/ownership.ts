import { randomBytes } from 'node:crypto';
import { FleetError } from '../../base/errors.ts';
import { parseUrn } from '../../base/urn.ts';
import { operator } from '../operator.ts';
import type { Reply } from '../script/reply.ts';
import { scriptFile } from '../script/text.ts';

/**
 * Functions for scripts that write or delete a path for a resource: `take` before the path is written, `owns` before it is deleted,
 * `release` after that.
 */
export const ownershipScript = scriptFile('./ownership.sh', import.meta.url);

/** Which resource writes a path on a machine. */
export interface Ownership {
  /** Recorded in the resource's state and on the machine. Empty in states of earlier versions. */
  claim: string;
  /** URN of the resource. */
  urn: string;
  /** Stack, as PROJECT/STACK, whose paths may be taken over. */
  takeOverFrom?: string | undefined;
}

/** Who owns a path, as recorded on the machine. */
export interface Owner {
  claim: string;
  /** PROJECT/STACK */
  stack: string;
  /** URN */
  resource: string;
  by: string;
  /** ISO 8601, UTC */
  since: string;
}

/** A claim that no other resource has. */
export function newClaim(): string {
  return randomBytes(8).toString('hex');
}

/** A stack in the notation of `takeOverFrom`. */
function stackOf(urn: string): string {
  const { project, stack } = parseUrn(urn);
  return `${project}/${stack}`;
}

/** Variables of `ownershipScript`. */
export function ownershipVariables({ claim, urn, takeOverFrom = '' }: Ownership) {
  return { claim, stack: stackOf(urn), resource: urn, by: operator(), take_over: takeOverFrom };
}

/** The owner that a reply reports; undefined if nothing is recorded. */
export function parseOwner(reply: Reply): Owner | undefined {
  const stack = reply.text('owner-stack');
  if (!stack) return undefined;
  const since = reply.number('owner-since') ?? 0;
  return {
    claim: reply.text('owner-claim'),
    stack,
    resource: reply.text('owner-resource'),
    by: reply.text('owner-by'),
    since: new Date(since * 1000).toISOString(),
  };
}

/** Whether a path may be written, by the rule of `may_take` in ownership.sh. */
export function mayTake(owner: Owner | undefined, { claim, urn, takeOverFrom }: Ownership): boolean {
  return !owner || owner.claim === claim || owner.stack === stackOf(urn) || owner.stack === takeOverFrom;
}

/** `what` belongs to another stack. */
export function ownedByOther(host: string, what: string, { stack, resource, by, since }: Owner): FleetError {
  return new FleetError({
    code: 'owned-by-other',
    what: `${what} belongs to another stack`,
    host,
    why: `${stack} manages it (${resource}), set up by ${by}, ${since}`,
    fix: `Nothing was changed. Check that this is the right machine. To move it to this stack, take it out of ${stack}, and set takeOverFrom: ${stack} for the host here.`,
  });
}

/** Why a path stays although its resource is deleted. */
export function keptForOwner(host: string, what: string, { resource }: Pick<Owner, 'resource'>): string {
  return `${host}: ${what} stays, as ${resource} has written it since`;
}
