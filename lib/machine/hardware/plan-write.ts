import { type Generator, hardwareDiff, sameHardware } from './hardware-diff.ts';

/** What the plan is decided on. Texts are undefined if there are none. */
export interface PlanInput {
  generator: Generator;
  /** The file's text. */
  onDisk: string | undefined;
  /** The text last written to it. */
  written: string | undefined;
  /** The hardware detected now; undefined if it was not detected. */
  detected: string | undefined;
  onHandEdit: 'fail' | 'overwrite' | 'keep';
}

export interface Plan {
  /** The desired text: the text written last if it describes the same hardware, so that dates and versions cause no change. */
  content: string | undefined;
  /**
   * For a file that was edited by hand or never written: `leave` if it describes the detected hardware, `refuse` if its changes
   * would be lost and onHandEdit is fail.
   */
  action: 'nothing' | 'write' | 'leave' | 'keep' | 'overwrite' | 'refuse';
  /** The diff: lines removed from the file (`-`) and added to it (`+`). */
  lines: string[];
}

/** Decides what to do with the file of a machine's hardware. */
export function planWrite({ generator, onDisk, written, detected, onHandEdit }: PlanInput): Plan {
  const edited = onDisk !== undefined && onDisk !== written;
  const isSame =
    written !== undefined && (detected === undefined || sameHardware(written, detected, generator));
  const content = isSame ? written : detected;
  const lines = content === undefined ? [] : hardwareDiff(onDisk ?? '', content, generator);
  const plan = (action: Plan['action']) => ({ content, action, lines });
  if (onDisk === undefined) return plan(content === undefined ? 'nothing' : 'write');
  if (!edited) return plan(lines.length === 0 ? 'nothing' : 'write');
  // Without detected hardware, a hand edit is never replaced.
  if (lines.length === 0 || detected === undefined) return plan('leave');
  return plan(({ fail: 'refuse', overwrite: 'overwrite', keep: 'keep' } as const)[onHandEdit]);
}
