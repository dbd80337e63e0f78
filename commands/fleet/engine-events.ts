import * as z from 'zod';
import { type PrintedStep, stepState } from '../summary/parse-preview.ts';

/** One event of Pulumi's engine, as far as it is used here. */
export type EngineEvent =
  /** A step begins, has ended or has failed. */
  | { kind: 'begins' | 'ended' | 'failed'; step: EngineStep }
  | { kind: 'diagnostic'; urn: string; severity: string; message: string; ephemeral: boolean };

export interface EngineStep extends PrintedStep {
  type: string;
  parent: string;
}

const metadata = z.object({
  op: z.string(),
  urn: z.string(),
  type: z.string(),
  old: stepState.nullish(),
  new: stepState.nullish(),
  detailedDiff: z.record(z.string(), z.unknown()).nullish(),
});

const printed = z.object({
  resourcePreEvent: z.object({ metadata }).optional(),
  resOutputsEvent: z.object({ metadata }).optional(),
  resOpFailedEvent: z.object({ metadata }).optional(),
  diagnosticEvent: z
    .object({
      urn: z.string().default(''),
      message: z.string(),
      severity: z.string(),
      ephemeral: z.boolean().default(false),
    })
    .optional(),
  policyEvent: z
    .object({
      resourceUrn: z.string().default(''),
      message: z.string(),
      policyName: z.string(),
      enforcementLevel: z.string(),
    })
    .optional(),
  stdoutEvent: z.object({ message: z.string() }).optional(),
});

/** Parses a line of Pulumi's event log; undefined for an event that does not matter here, or of another form. */
export function parseEngineEvent(line: string): EngineEvent | undefined {
  const event = parsed(line);
  if (!event) return undefined;
  const { resourcePreEvent, resOutputsEvent, resOpFailedEvent, diagnosticEvent, policyEvent } = event;
  if (resourcePreEvent) return { kind: 'begins', step: stepOf(resourcePreEvent.metadata) };
  if (resOutputsEvent) return { kind: 'ended', step: stepOf(resOutputsEvent.metadata) };
  if (resOpFailedEvent) return { kind: 'failed', step: stepOf(resOpFailedEvent.metadata) };
  if (diagnosticEvent) {
    const { severity, message } = diagnosticEvent;
    return severity === 'debug'
      ? undefined
      : { kind: 'diagnostic', ...diagnosticEvent, message: message.trimEnd() };
  }
  if (policyEvent) {
    const { resourceUrn, policyName, message, enforcementLevel } = policyEvent;
    const severity = enforcementLevel === 'mandatory' ? 'error' : 'warning';
    return {
      kind: 'diagnostic',
      urn: resourceUrn,
      severity,
      message: `policy ${policyName}: ${message.trimEnd()}`,
      ephemeral: false,
    };
  }
  if (event.stdoutEvent) {
    return {
      kind: 'diagnostic',
      urn: '',
      severity: 'info',
      message: event.stdoutEvent.message.trimEnd(),
      ephemeral: false,
    };
  }
  return undefined;
}

function parsed(line: string): z.infer<typeof printed> | undefined {
  try {
    return printed.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

function stepOf({ op, urn, type, old, new: desired, detailedDiff }: z.infer<typeof metadata>): EngineStep {
  return {
    op,
    urn,
    type,
    parent: (desired ?? old)?.parent ?? '',
    oldState: old,
    newState: desired,
    detailedDiff,
  };
}
