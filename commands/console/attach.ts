import type { Readable, Writable } from 'node:stream';
import { lastLines } from '../../lib/base/background.ts';
import { FleetError } from '../../lib/base/errors.ts';
import { sockets, vmPaths } from '../../lib/local/vm/paths.ts';
import { findQemu } from '../../lib/local/vm/process.ts';
import { connectIn } from '../../lib/local/vm/socket.ts';

/** Ctrl-], as in telnet. */
const leaveKey = 0x1d;

interface Terminal {
  input: Readable & { isTTY?: boolean; setRawMode?(on: boolean): void };
  output: Writable;
  /** For messages that are not the console's output. */
  notes: Writable;
}

/**
 * Connects a terminal to a machine's serial console until Ctrl-] is pressed, the input ends or QEMU exits. The last lines of
 * output are shown first.
 *
 * @throws FleetError `vm-failed` where the machine is off.
 */
export async function attachConsole(
  { stack, name }: { stack: string; name: string },
  { input, output, notes }: Terminal,
): Promise<void> {
  const paths = vmPaths(stack, name);
  if (!(await findQemu(stack, name))) {
    throw new FleetError({
      code: 'vm-failed',
      host: name,
      what: 'the virtual machine is not running',
      why: await lastLines(paths.console, 5),
      fix: 'Start it with: pulumi up --refresh',
    });
  }
  const socket = await connectIn(paths.run, sockets.serial);
  notes.write(`The serial console of ${name}. Leave it with Ctrl-].\r\n`);
  output.write(`${await lastLines(paths.console, 10)}`);
  if (input.isTTY) input.setRawMode?.(true);
  try {
    await new Promise<void>((resolve) => {
      socket.on('data', (chunk: Buffer) => output.write(chunk));
      socket.on('close', () => resolve());
      socket.on('error', () => resolve());
      input.on('end', () => resolve());
      input.on('data', (chunk: Buffer) => {
        const leave = chunk.indexOf(leaveKey);
        socket.write(leave < 0 ? chunk : chunk.subarray(0, leave));
        if (leave >= 0) resolve();
      });
    });
  } finally {
    if (input.isTTY) input.setRawMode?.(false);
    input.pause();
    socket.end();
    notes.write(`\r\nLeft the console of ${name}.\n`);
  }
}
