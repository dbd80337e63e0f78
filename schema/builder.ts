import * as z from 'zod';
import { connection } from './connection.ts';

const system = z
  .string()
  .regex(/^[a-z0-9_]+-[a-z0-9_]+$/, 'must be a system such as x86_64-linux or aarch64-linux');
const feature = z.string().regex(/^[A-Za-z0-9_-]+$/, 'must be the name of a feature, such as big-parallel');

/** The key that a machine shows itself by, and that root logs in with where no other is named. */
export const hostKeyFile = '/etc/ssh/ssh_host_ed25519_key';

/** A machine that builds for others, reached over ssh. Its host key is required, and never learned. */
export const builder = z.strictObject({
  address: connection.shape.address.describe('Host name, IP address or ssh_config alias of the builder.'),
  hostKey: connection.shape.hostKey
    .unwrap()
    .describe("The builder's public host key, such as 'ssh-ed25519 AAAA…'. Another one is refused."),
  user: connection.shape.user.describe('User to log in as; one that its Nix trusts.'),
  identityFile: z
    .string()
    .regex(/^(\/|~\/)\S+$/, 'must be an absolute path without spaces')
    .optional()
    .describe('Private key file to log in with. Default: what ssh finds by itself.'),
  machineUser: connection.shape.user
    .unwrap()
    .optional()
    .describe('User that the stack’s machines log in as when they build with it. Default: `user`.'),
  machineIdentityFile: z
    .string()
    .regex(/^\/\S+$/, 'must be an absolute path without spaces')
    .optional()
    .describe(
      `Private key file on these machines, for root to read. Default: their ssh host key (${hostKeyFile}).`,
    ),
  systems: z.array(system).min(1).describe('Systems that it builds for.'),
  supportedFeatures: z
    .array(feature)
    .default(['benchmark', 'big-parallel'])
    .describe('Features of it that builds may ask for; `kvm` and `nixos-test` where it has KVM.'),
  mandatoryFeatures: z
    .array(feature)
    .default([])
    .describe('Features of which a build must ask for all, else it is not built there.'),
  maxJobs: z.int().min(1).max(1024).default(1).describe('Builds that it does at once.'),
  speedFactor: z
    .number()
    .positive()
    .default(1)
    .describe('How fast it is: of builders that are idle alike, the faster one is chosen.'),
});
export type Builder = z.output<typeof builder>;

export const builders = z.record(
  z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, 'must be a name of letters, digits, dots and hyphens'),
  builder,
);
export type Builders = z.output<typeof builders>;
/** Builders as a program declares them: what has a default may be left out. */
export type BuildersArgs = z.input<typeof builders>;

/** Builders as one text, for they go with each of a fleet's systems, and every property costs. */
export const buildersText = z
  .string()
  .refine((text) => {
    try {
      return builders.safeParse(JSON.parse(text)).success;
    } catch {
      return false;
    }
  }, 'must be builders as JSON')
  .optional()
  .describe('Builders that may build it, by name, as JSON. Other builders are no change.');

export function parseBuilders(text: string | undefined): Builders {
  return text === undefined ? {} : builders.parse(JSON.parse(text));
}

/** With the defaults of what is left out; undefined where there are none. */
export function formatBuilders(declared: BuildersArgs): string | undefined {
  return Object.keys(declared).length === 0 ? undefined : JSON.stringify(builders.parse(declared));
}
