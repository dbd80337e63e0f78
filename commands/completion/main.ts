/** Prints the completion of a shell: nixos-fleet completion bash|zsh|fish */
import { FleetError } from '../../lib/base/errors.ts';
import { runCommand } from '../command.ts';
import { completionScripts } from './scripts.ts';

const usage = 'usage: nixos-fleet completion bash|zsh|fish';

await runCommand(
  {
    usage,
    summary: 'Prints a shell’s completion of commands, options, hosts and tags.',
    examples: ['completion bash > ~/.local/share/bash-completion/completions/nixos-fleet'],
  },
  async (_, [shell = '']) => {
    const script = Object.entries(completionScripts).find(([name]) => name === shell)?.[1];
    if (script === undefined)
      throw new FleetError({
        code: 'config-invalid',
        what: shell ? `there is no completion for ${shell}` : 'the name of the shell is missing',
        fix: usage,
      });
    process.stdout.write(script);
    return 0;
  },
);
