import * as z from 'zod';
import { FleetError } from '../../lib/base/errors.ts';
import { parseUrn } from '../../lib/base/urn.ts';
import { withWholeInputs } from '../../schema/summarized.ts';

/** The operation on one resource. */
export type Operation = 'same' | 'create' | 'update' | 'replace' | 'delete' | 'import';

export interface PreviewStep {
  operation: Operation;
  /** Such as nixos:index:Deployment. */
  type: string;
  name: string;
  /** Recorded inputs and outputs; empty for a new resource. */
  old: { inputs: Record<string, unknown>; outputs: Record<string, unknown> };
  /** Desired inputs; empty for a resource that is removed. */
  desired: Record<string, unknown>;
  /** Paths of the properties that differ, also of outputs that drifted, such as `live.system`. */
  paths: string[];
}

export interface Diagnostic {
  severity: string;
  message: string;
  /** The resource concerned; absent for the program as a whole. */
  resource?: { type: string; name: string };
}

export interface Preview {
  /** Name of the stack; absent where there is no resource at all. */
  stack?: string;
  steps: PreviewStep[];
  diagnostics: Diagnostic[];
}

const properties = z.record(z.string(), z.unknown()).default({}).transform(withWholeInputs);

/** State of a resource, as Pulumi prints it with a step. */
export const stepState = z.object({
  custom: z.boolean().default(false),
  parent: z.string().default(''),
  inputs: properties,
  outputs: properties,
});

const printedStep = z.object({
  op: z.string(),
  urn: z.string(),
  oldState: stepState.nullish(),
  newState: stepState.nullish(),
  detailedDiff: z.record(z.string(), z.unknown()).nullish(),
});
export type PrintedStep = z.infer<typeof printedStep>;

const printedDiagnostic = z.object({
  urn: z.string().optional(),
  message: z.string(),
  severity: z.string(),
});
export type PrintedDiagnostic = z.infer<typeof printedDiagnostic>;

const printed = z.object({
  steps: z.array(printedStep).nullish(),
  diagnostics: z.array(printedDiagnostic).nullish(),
});

/** Pulumi's steps as operations; a replacement has three. */
const operations: Record<string, Operation> = {
  same: 'same',
  read: 'same',
  refresh: 'same',
  create: 'create',
  update: 'update',
  delete: 'delete',
  import: 'import',
  replace: 'replace',
  'create-replacement': 'replace',
  'delete-replaced': 'replace',
  'import-replacement': 'replace',
};

/** What Pulumi does in a step. An unknown step of a newer Pulumi counts as a change. */
export function operationOf(op: string): Operation {
  return operations[op] ?? 'update';
}

/** Whether a step is about a resource that a provider manages, and not a component or a provider. */
export function isManaged({ urn, newState, oldState }: PrintedStep): boolean {
  return ((newState ?? oldState)?.custom ?? false) && !parseUrn(urn).type.startsWith('pulumi:');
}

/**
 * Parses the output of `pulumi preview --json`.
 * @throws FleetError config-invalid for any other text
 */
export function parsePreview(text: string): Preview {
  const { steps, diagnostics } = parse(text);
  return collectPreview(steps ?? [], diagnostics ?? []);
}

/** A preview of its steps. Components are left out. */
export function collectPreview(
  steps: readonly PrintedStep[],
  diagnostics: readonly PrintedDiagnostic[],
): Preview {
  const byUrn = new Map<string, PreviewStep>();
  for (const step of steps.filter(isManaged)) {
    const { op, urn, oldState, newState, detailedDiff } = step;
    const { type, name } = parseUrn(urn);
    const before = byUrn.get(urn);
    byUrn.set(urn, {
      operation: operationOf(op),
      type,
      name,
      old: oldState ?? before?.old ?? { inputs: {}, outputs: {} },
      desired: newState?.inputs ?? before?.desired ?? {},
      paths: [...new Set([...(before?.paths ?? []), ...Object.keys(detailedDiff ?? {})])],
    });
  }
  const [first] = steps;
  return {
    ...(first ? { stack: parseUrn(first.urn).stack } : {}),
    steps: [...byUrn.values()],
    diagnostics: diagnostics.map(({ urn, message, severity }) => ({
      severity,
      message: message.trimEnd(),
      ...(urn ? { resource: parseUrn(urn) } : {}),
    })),
  };
}

function parse(text: string): z.infer<typeof printed> {
  try {
    return printed.parse(JSON.parse(text));
  } catch (cause) {
    throw new FleetError({
      code: 'config-invalid',
      what: 'this is not what pulumi preview --json prints',
      ...(text.trim() ? { why: text.trim().slice(0, 1000) } : { why: 'it is empty' }),
      fix: 'Run pulumi preview --json by itself and check its output.',
      cause,
    });
  }
}
