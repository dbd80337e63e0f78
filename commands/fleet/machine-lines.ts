import { formatNames } from '../../lib/base/name-ranges.ts';
import type { Happening } from '../../schema/run-event.ts';
import { groupEqualTexts } from './equal-lines.ts';
import type { Paint } from './paint.ts';
import { doneText, headlineOf } from './run-text.ts';

type Done = Extract<Happening, { event: 'machine-done' }>;
type Failed = Extract<Happening, { event: 'machine-failed' }>;

/** In a run of so many machines, each has a line of its own. */
const fewMachines = 12;
/** About how many lines a run of more machines has for those that are done. */
const manyLines = 10;

/** The lines of machines that are done or have failed: in a run of many machines, several in a line. */
export class MachineLines {
  readonly #paint: Paint;
  /** How many machines wait for a line at most. */
  #size = 1;
  #done: Done[] = [];
  #failed: Failed[] = [];
  readonly #headlines = new Set<string>();
  /** Failures that have a line: the headline of an error may come before the whole. */
  readonly #known = new Set<string>();

  constructor(paint: Paint) {
    this.#paint = paint;
  }

  /** The lines to print now, before that of the event if it has one. */
  take(event: Happening): string[] {
    switch (event.event) {
      case 'run-began': {
        const { length } = event.machines;
        this.#size = length <= fewMachines ? 1 : Math.ceil(length / manyLines);
        return [];
      }
      case 'machine-done':
        this.#done.push(event);
        return this.#done.length < this.#size ? [] : this.#doneLines();
      case 'machine-failed': {
        const failure = `${event.machine}: ${headlineOf(event.error)}`;
        if (this.#known.has(failure)) return [];
        this.#known.add(failure);
        this.#failed.push(event);
        const isKnown = this.#headlines.has(generalHeadline(event));
        this.#headlines.add(generalHeadline(event));
        return isKnown && this.#failed.length < this.#size ? [] : this.#allLines();
      }
      case 'wave-passed':
      case 'wave-failed':
      case 'run-failed':
      case 'interrupted':
      case 'run-ended':
        return this.#allLines();
      case 'machine-planned':
      case 'resource-planned':
      case 'preview-ended':
      case 'phase':
      case 'progress':
      case 'wave-began':
      case 'resource-done':
      case 'resource-failed':
      case 'message':
        return [];
      default:
        return event satisfies never;
    }
  }

  #allLines(): string[] {
    return [...this.#doneLines(), ...this.#failedLines()];
  }

  #doneLines(): string[] {
    const done = this.#done.splice(0);
    const firsts = done.filter(({ operation }) => operation === 'create');
    const others = done.filter(({ operation }) => operation !== 'create');
    return [firsts, others]
      .filter(({ length }) => length > 0)
      .map((some) => `${this.#paint('green', '✓')} ${namesOf(some)} ${doneText(some)}`);
  }

  #failedLines(): string[] {
    const failed = this.#failed
      .splice(0)
      .map((each) => ({ name: each.machine, text: headlineOf(each.error) }));
    return groupEqualTexts(failed).map(
      ({ names, text }) => `${this.#paint('red', '✗')} ${formatNames(names)} failed: ${text}`,
    );
  }
}

/** The headline of an error, without the machine's name. */
function generalHeadline({ machine, error }: Failed): string {
  return headlineOf(error).replaceAll(machine, '\0');
}

function namesOf(events: readonly { machine: string }[]): string {
  return formatNames(events.map(({ machine }) => machine));
}
