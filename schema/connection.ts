import { z } from 'zod';

/** How a machine is reached over ssh. Whatever is left out comes from the user's own ssh configuration. */
export const connection = z.strictObject({
  address: z
    .string()
    .min(1)
    .regex(/^[^\s@/-][^\s@/]*$/, 'must be a host name, an IP address or an ssh_config alias')
    .describe('Host name, IP address or ssh_config alias of the machine.'),
  user: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]*$/, 'must be a Unix user name')
    .default('root')
    .describe('User to log in as; it needs root rights.'),
  port: z
    .int()
    .min(1)
    .max(65535)
    .optional()
    .describe('TCP port of sshd; what ssh_config says, else 22, where left out.'),
  hostKey: z
    .string()
    .regex(/^(ssh|ecdsa|sk)-\S+ [A-Za-z0-9+/=]+/, "must be a public key line such as 'ssh-ed25519 AAAA…'")
    .optional()
    .describe("The machine's public host key. Without it, known_hosts decides; an unknown key is refused."),
  identityFile: z.string().optional().describe('Private key file to log in with.'),
  connectTimeoutSeconds: z
    .int()
    .min(1)
    .max(600)
    .default(15)
    .describe('Seconds to wait for a connection before the machine counts as unreachable.'),
});

export type Connection = z.infer<typeof connection>;
