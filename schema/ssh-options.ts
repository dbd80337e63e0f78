import * as z from 'zod';
import { sshKeyword } from './ssh-keywords.ts';

/** Options of ssh_config(5) that the user may add: those that ssh-keywords.ts leaves to the user. */
export const sshOptionsSetting = z
  .record(
    z.string(),
    z
      .string('must be text; in YAML, put it in quotes')
      .regex(/^[^\0\r\n]+$/, 'must be one line, and not empty'),
  )
  .superRefine((options, context) => {
    for (const name of Object.keys(options)) {
      const message = refusal(name);
      if (message) context.addIssue({ code: 'custom', path: [name], message });
    }
  });

function refusal(name: string): string | undefined {
  if (!/^[A-Za-z][A-Za-z0-9]*$/.test(name)) return 'must be a keyword of ssh_config(5)';
  const keyword = sshKeyword(name);
  switch (keyword.by) {
    case 'user':
      return undefined;
    case 'file':
      return 'belongs into ssh_config';
    case 'setting':
      return keyword.setting === 'hostKey'
        ? 'would change how host keys are checked: use hostKey, proxyJumpHostKey or known_hosts'
        : `is a setting of its own: ${keyword.setting}`;
    case 'product':
      return `is decided by nixos-fleet: ${keyword.value === undefined ? '' : `${keyword.value}, as `}${keyword.why}`;
    case 'nobody':
      return `has no effect, as nixos-fleet decides ${keyword.because}`;
    default:
      return keyword satisfies never;
  }
}
