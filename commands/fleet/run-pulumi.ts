import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { followFile } from '../../lib/base/follow-file.ts';
import { startApart } from '../../lib/base/process/apart.ts';
import { withTemporaryFolder } from '../../lib/base/temporary-folder.ts';
import { skipDebugVariable } from '../../program/debug-messages.ts';
import { type EngineEvent, parseEngineEvent } from './engine-events.ts';

export interface PulumiRun {
  exitCode: number;
  /** What it wrote besides its events: errors before it began, and its own display. */
  stdout: string;
  stderr: string;
}

/**
 * Runs `pulumi` without its display, and calls back for each event of its engine.
 * @param onStart gets a function that interrupts it
 */
export async function runPulumi(
  args: readonly string[],
  onEvent: (event: EngineEvent) => void,
  onStart: (interrupt: () => void) => void,
): Promise<PulumiRun> {
  return await withTemporaryFolder(async (folder) => {
    const file = join(folder, 'events');
    await writeFile(file, '', { mode: 0o600 });
    const end = await followFile(file, (line) => {
      const event = parseEngineEvent(line);
      if (event) onEvent(event);
    });
    try {
      const pulumi = await startApart(
        'pulumi',
        [...args, '--non-interactive', '--color', 'never', '--event-log', file],
        // The option is one of Pulumi’s debugging.
        { env: { PULUMI_DEBUG_COMMANDS: 'true', [skipDebugVariable]: '1' } },
      );
      onStart(() => pulumi.signal('SIGINT'));
      return await pulumi.ended;
    } finally {
      await end();
    }
  });
}
