import { createInterface } from 'node:readline/promises';
import type { Action } from './options.ts';

const verbs: Record<Action, string> = { up: 'Deploy this', refresh: 'Record this', preview: 'Go on' };

/**
 * Asks whether to go on, until the answer is yes or no; an interrupt and the end of the input are no.
 * @param showDetails is called for the answer `details`
 */
export async function askToGoOn(
  action: Action,
  { input, output }: { input: NodeJS.ReadableStream; output: NodeJS.WritableStream },
  showDetails: () => void,
): Promise<boolean> {
  const terminal = createInterface({ input, output });
  const ended = new AbortController();
  terminal.on('SIGINT', () => ended.abort());
  terminal.on('close', () => ended.abort());
  try {
    for (;;) {
      const answer = (
        await terminal.question(`${verbs[action]}? yes, no or details: `, { signal: ended.signal })
      ).trim();
      if (/^y(es)?$/i.test(answer)) return true;
      if (/^no?$/i.test(answer)) return false;
      if (/^d(etails)?$/i.test(answer)) showDetails();
    }
  } catch (error) {
    if (!ended.signal.aborted) throw error;
    output.write('\n');
    return false;
  } finally {
    terminal.close();
  }
}
