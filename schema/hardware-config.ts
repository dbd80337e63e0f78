import * as z from 'zod';
import { connection } from './connection.ts';

const text = z.string('must be text; in YAML, put it in quotes');

/** How a machine's hardware is detected, and how the file is written: what a stack's config and a program share. */
const hardwareConfigSettings = z.object({
  generator: z
    .enum(['nixos-generate-config', 'nixos-facter'])
    .default('nixos-generate-config')
    .describe(
      'What detects the hardware: `nixos-generate-config` writes a NixOS module, `nixos-facter` a report for `hardware.facter.reportPath`.',
    ),
  fileSystems: z
    .boolean()
    .default(false)
    .describe(
      'Whether nixos-generate-config also lists the mounted file systems and swap. Leave it off where the configuration names its own.',
    ),
  command: z
    .array(text.min(1))
    .min(1)
    .optional()
    .describe(
      'Command on the machine that prints it, run as root, for one that lacks the generator: program and arguments, such as [nix, run, "nixpkgs#nixos-facter"].',
    ),
  onHandEdit: z
    .enum(['fail', 'overwrite', 'keep'])
    .default('fail')
    .describe(
      'What happens to a file that is not as it was written last, or was never written by this stack: `fail` refuses in the preview, `overwrite` replaces it, `keep` leaves it and reports what it lacks.',
    ),
});

/** Inputs of `nixos:index:HardwareConfig`: what one machine is made of, in a file of its flake. */
export const hardwareConfigInputs = hardwareConfigSettings.extend({
  host: z.string().describe('Name of the machine in the stack’s config.'),
  connection,
  file: text
    .min(1)
    .describe(
      'The file on the operator’s computer, below `folder` or absolute. The one before stays where it is when this changes.',
    ),
  folder: text
    .regex(/^\//, 'must be an absolute path')
    .describe(
      'The folder that `file` is seen from. Each operator may have it elsewhere: it is never a change.',
    ),
  content: text
    .optional()
    .describe(
      'The detected hardware, as `askHardware` read it when the program ran. Where it is left out, as for a machine that was not reached, the last content holds.',
    ),
  pending: z
    .enum(['nothing', 'write', 'leave', 'keep', 'overwrite'])
    .optional()
    .describe(
      'What happens to the file, decided when inputs are checked, whatever is given. For a file that is not as it was written: `overwrite`, `keep`, or `leave` where it has the same hardware as the machine.',
    ),
});
export type HardwareConfigInputs = z.output<typeof hardwareConfigInputs>;

/** State of `nixos:index:HardwareConfig`. What was written is `content` among its inputs. */
export const hardwareConfigState = hardwareConfigInputs.omit({ content: true, pending: true }).extend({
  sha256: z.string().describe('SHA-256 of the file as it was left; empty where there is none yet.'),
  onDisk: z
    .enum(['as-written', 'edited', 'none'])
    .describe(
      'Whether the file is as it was written; `edited` where it is not, `none` where the machine was not reached yet.',
    ),
  machine: z
    .enum(['as-written', 'changed'])
    .describe('Whether the machine had the written hardware at the last update or refresh.'),
});
export type HardwareConfigState = z.output<typeof hardwareConfigState>;

/** The key `hardwareConfig` of a host. */
export const hostHardwareConfig = hardwareConfigSettings
  .extend({
    file: text
      .min(1)
      .optional()
      .describe(
        'The file, relative to the project’s folder. Default: hosts/<configuration>/hardware-configuration.nix, or facter.json, in a flake that is a folder.',
      ),
  })
  .strict()
  .superRefine(({ generator, command, fileSystems }, context) => {
    if (!fileSystems) return;
    const other = command ? 'a command of your own' : generator === 'nixos-facter' ? generator : undefined;
    if (other) {
      const message = `means nothing with ${other}`;
      context.addIssue({ code: 'custom', path: ['fileSystems'], message });
    }
  });
export type HostHardwareConfig = z.output<typeof hostHardwareConfig>;
