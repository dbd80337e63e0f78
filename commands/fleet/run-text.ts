import { formatNames } from '../../lib/base/name-ranges.ts';
import { counted } from '../../lib/base/text.ts';
import type { Happening, RunError } from '../../schema/run-event.ts';
import { shortType } from '../summary/summarize.ts';
import { groupEqualTexts } from './equal-lines.ts';
import type { Paint } from './paint.ts';

/** The line that an event leaves, if any, as soon as it happens. Those of machines are in `MachineLines`. */
export function lineOf(event: Happening, paint: Paint): string | undefined {
  switch (event.event) {
    case 'resource-failed':
      return `${paint('red', '✗')} ${shortType(event.resource.type)} ${event.resource.name} failed: ${headlineOf(event.error)}`;
    case 'run-failed':
      return `${paint('red', '✗')} ${event.error.host ? `${event.error.host}: ` : ''}${headlineOf(event.error)}`;
    case 'wave-passed':
      return `${paint('green', '✓')} wave ${event.wave} passed`;
    case 'wave-failed':
      return `${paint('red', '✗')} wave ${event.wave} failed: ${headlineOf(event.error)}`;
    case 'message':
      return messageLine(event, paint);
    case 'interrupted':
      return paint(
        'yellow',
        'interrupted: nothing more is begun; a machine that is switching is confirmed or rolls back by itself. Waiting for Pulumi to end …',
      );
    case 'run-began':
    case 'machine-planned':
    case 'resource-planned':
    case 'preview-ended':
    case 'phase':
    case 'progress':
    case 'wave-began':
    case 'machine-done':
    case 'machine-failed':
    case 'resource-done':
    case 'run-ended':
      return undefined;
    default:
      return event satisfies never;
  }
}

/** What is said of machines that are done, after their names: how long it took, and their generation if it is the same. */
export function doneText(done: readonly Extract<Happening, { event: 'machine-done' }>[]): string {
  const [first] = done;
  const generations = new Set(done.map(({ generation }) => generation));
  const number =
    generations.size > 1 || first?.generation === undefined ? '' : `, generation ${first.generation}`;
  const times = done.map(({ seconds }) => seconds);
  const [least, most] = [duration(Math.min(...times)), duration(Math.max(...times))];
  const taken =
    least === most ? most : `${least.replace(/ s$/, most.includes('min') ? ' s' : '')} to ${most}`;
  return `${first?.operation === 'create' ? 'deployed for the first time' : 'deployed'} in ${taken}${number}`;
}

/** What was built differs from what was predicted: the events have it. */
const isCorrection = /^closure of \S+:\n/;

function messageLine(
  { severity, text, machine, resource }: Extract<Happening, { event: 'message' }>,
  paint: Paint,
): string | undefined {
  if (isCorrection.test(text)) return undefined;
  const whose = machine ?? (resource && `${shortType(resource.type)} ${resource.name}`);
  const saysIt = whose === undefined || text.toLowerCase().startsWith(`${whose.toLowerCase()}: `);
  const line = saysIt ? text : `${whose}: ${text}`;
  return severity === 'warning' ? `${paint('yellow', 'warning:')} ${line}` : line;
}

/** Lines at the end of a run: what was done, each failure with its whole error, and what was not begun. */
export function closingLines(events: readonly Happening[], action: string, paint: Paint): string[] {
  const ended = events.findLast((each) => each.event === 'run-ended');
  if (!ended) return [];
  const { done, failed, notBegun, unchanged, exitCode, seconds } = ended;
  const others = events.filter(({ event }) => event === 'resource-done').length;
  const isPreview = action === 'preview';
  const counts = [
    ...(done.length > 0
      ? [`${counted(done.length, 'machine')} ${action === 'refresh' ? 'changed since' : 'deployed'}`]
      : []),
    ...(failed.length > 0 ? [paint('red', `${failed.length} failed`)] : []),
    ...(notBegun.length > 0 && !isPreview ? [paint('yellow', `${notBegun.length} not begun`)] : []),
    ...(unchanged.length > 0 && !isPreview ? [`${unchanged.length} unchanged`] : []),
    ...(others > 0 ? [`${counted(others, 'other resource')} changed`] : []),
  ];
  const outcome = counts.join(', ') || (exitCode === 0 ? 'nothing changed' : '');
  return [
    ...failureLines(events, paint),
    ...(notBegun.length > 0 && !isPreview ? [`not begun: ${formatNames(notBegun)}`] : []),
    ...(isPreview
      ? []
      : [
          `${exitCode === 0 ? paint('green', outcome) : outcome || `${action} failed`} (${duration(seconds)})`,
        ]),
  ];
}

/** All errors, each with all that is known of it; the same one of several machines once. */
function failureLines(events: readonly Happening[], paint: Paint): string[] {
  const errors = events.flatMap((event) =>
    'error' in event ? [{ name: subjectOf(event), text: errorText(event.error) }] : [],
  );
  return groupEqualTexts(withoutHeadlines(errors)).flatMap(({ names, text }) => {
    const [first = '', ...more] = text.split('\n');
    const whose = formatNames(names.filter(Boolean));
    return [`${paint('red', whose ? `${whose}: ` : 'error: ')}${first}`, ...more];
  });
}

function subjectOf(event: Extract<Happening, { error: RunError }>): string {
  switch (event.event) {
    case 'machine-failed':
      return event.machine;
    case 'resource-failed':
      return `${shortType(event.resource.type)} ${event.resource.name}`;
    case 'wave-failed':
      return `wave ${event.wave}`;
    case 'run-failed':
      return event.error.host ?? '';
    default:
      return event satisfies never;
  }
}

/** An error that was announced by its headline alone, and came as a whole later. */
function withoutHeadlines(
  errors: readonly { name: string; text: string }[],
): { name: string; text: string }[] {
  return errors.filter(
    ({ name, text }) =>
      !errors.some(
        (other) => other.name === name && other.text !== text && other.text.startsWith(`${text}\n`),
      ),
  );
}

function errorText({ code, what, why, fix }: RunError): string {
  const indented = (text: string) => text.replaceAll('\n', '\n        ');
  return [
    `${what}${code ? ` [${code}]` : ''}`,
    ...(why ? [`  why:  ${indented(why)}`] : []),
    ...(fix ? [`  fix:  ${indented(fix)}`] : []),
  ].join('\n');
}

export function headlineOf({ code, what }: RunError): string {
  return `${what.split('\n', 1)[0]}${code ? ` [${code}]` : ''}`;
}

/** '8 s', '3 min 12 s'. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
