import { type Generator, hardwareDiff, sameHardware } from './substance.ts';

/** What is known when it is decided what becomes of the file. */
export interface Known {
  generator: Generator;
  /** What the file holds; undefined where there is none. */
  onDisk: string | undefined;
  /** What was written there last; undefined where nothing was. */
  written: string | undefined;
  /** What the machine says of itself now; undefined where it was not asked. */
  said: string | undefined;
  onHandEdit: 'fail' | 'overwrite' | 'keep';
}

export interface Plan {
  /** What the file is to hold: what was written where that says the same, so that no date or version makes a change. */
  content: string | undefined;
  /**
   * Of a file that is not as it was written last, or was never written: `leave` where it says what the machine says, `refuse`
   * where its text would be lost, which nobody allowed.
   */
  action: 'nothing' | 'write' | 'leave' | 'keep' | 'overwrite' | 'refuse';
  /** Lines that go from the file and come into it. */
  lines: string[];
}

/** Decides what becomes of the file with what a machine is made of. Pure. */
export function planWrite({ generator, onDisk, written, said, onHandEdit }: Known): Plan {
  const edited = onDisk !== undefined && onDisk !== written;
  const saysTheSame = written !== undefined && (said === undefined || sameHardware(written, said, generator));
  const content = saysTheSame ? written : said;
  const lines = content === undefined ? [] : hardwareDiff(onDisk ?? '', content, generator);
  const plan = (action: Plan['action']) => ({ content, action, lines });
  if (onDisk === undefined) return plan(content === undefined ? 'nothing' : 'write');
  if (!edited) return plan(lines.length === 0 ? 'nothing' : 'write');
  // Without the machine's word there is nothing better to put in the place of somebody's.
  if (lines.length === 0 || said === undefined) return plan('leave');
  return plan(({ fail: 'refuse', overwrite: 'overwrite', keep: 'keep' } as const)[onHandEdit]);
}
