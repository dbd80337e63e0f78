import { readFileSync } from 'node:fs';
import { type EngineEvent, parseEngineEvent } from '../../../../commands/fleet/engine-events.ts';

/** Engine events of a real run with three machines: a preview, the `up` after it, in which a health check of edge fails, a refresh. */
export function recordedEvents(run: 'preview' | 'update' | 'refresh'): EngineEvent[] {
  const file = new URL(`../../../fixtures/engine-events/${run}.jsonl`, import.meta.url);
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .flatMap((line) => parseEngineEvent(line) ?? []);
}

/** An engine event about a resource of a machine's component. */
export function stepEvent(
  kind: 'begins' | 'ended' | 'failed',
  type: string,
  name: string,
  {
    op = 'update',
    machine = name,
    inputs = {},
    outputs = {},
  }: { op?: string; machine?: string | undefined; inputs?: object; outputs?: object } = {},
): EngineEvent {
  const state = {
    custom: true,
    parent: machine ? urnOf('nixos-fleet:index:Host', machine) : '',
    inputs: { ...inputs },
    outputs: { ...outputs },
  };
  return {
    kind,
    step: {
      op,
      urn: urnOf(type, name),
      type,
      parent: state.parent,
      oldState: null,
      newState: state,
      detailedDiff: null,
    },
  };
}

export function messageEvent(
  message: string,
  {
    type,
    name,
    severity = 'info',
    ephemeral = false,
  }: { type?: string; name?: string; severity?: string; ephemeral?: boolean } = {},
): EngineEvent {
  return { kind: 'diagnostic', urn: type && name ? urnOf(type, name) : '', severity, message, ephemeral };
}

function urnOf(type: string, name: string): string {
  return `urn:pulumi:prod::fleet::${type}::${name}`;
}
