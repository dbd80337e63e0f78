import type { News, Phase } from './follow-script.ts';

/** What is shown when a phase begins. */
export const phaseText: Record<Phase, string> = {
  starting: 'starting the switch',
  checking: 'checking the new system',
  activating: 'activating the new system',
  waiting: 'active; confirming over a new connection',
  committing: 'confirmed; setting profile and boot loader',
  'going-back': 'failed; rolling back to the previous system',
  finished: 'the switch has ended',
};

/** What was seen of a switch so far. Shows each new phase, and each whole line of the output. */
export class SwitchOutput {
  phase: Phase = 'starting';
  /** Length of the log read so far, in bytes. */
  offset = 0;
  /** Output of the supervisor. */
  log = '';
  /** A line that is not whole yet. */
  #rest = '';
  readonly #onLine: (line: string) => void;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  add({ phase, output, offset }: News): void {
    this.log += output;
    const lines = (this.#rest + output).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim()) this.#onLine(line);
    this.offset = offset;
    // Empty where the folder was removed.
    if (!phase || phase === this.phase) return;
    this.phase = phase;
    this.#onLine(phaseText[phase]);
  }
}
