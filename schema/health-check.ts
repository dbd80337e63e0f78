import * as z from 'zod';

const kinds = ['command', 'tcp', 'http', 'units'] as const;

/** What must hold under a new system before it is confirmed: one of `command`, `tcp`, `http` and `units`. */
export const healthCheck = z
  .strictObject({
    command: z
      .string()
      .min(1)
      .optional()
      .describe('Shell command that must end with 0 on the machine, as root, over a fresh connection.'),
    tcp: z
      .int()
      .min(1)
      .max(65535)
      .optional()
      .describe(
        'Port of the machine’s address that must accept a connection, from the operator’s computer or the last jump host.',
      ),
    http: z
      .strictObject({
        url: z
          .string()
          .regex(/^(https?:\/\/|\/)/, 'must begin with http://, https:// or /')
          .default('/')
          .describe(
            'What is requested: a URL, or a path at http://<address>. A path is requested from the operator’s computer or the last jump host, a URL with another host from the operator’s computer.',
          ),
        status: z.int().min(100).max(599).default(200).describe('HTTP status of the answer.'),
      })
      .optional()
      .describe('HTTP answer that must come; a redirection is an answer, and is not followed.'),
    units: z
      .enum(['none-failed'])
      .optional()
      .describe('`none-failed`: no systemd unit of the machine is failed.'),
    timeoutSeconds: z
      .int()
      .min(1)
      .max(3600)
      .default(30)
      .describe('Seconds for which the check is tried again until it holds.'),
  })
  .refine(
    (check) => kinds.filter((kind) => check[kind] !== undefined).length === 1,
    `must have exactly one of ${kinds.join(', ')}`,
  );
export type HealthCheck = z.output<typeof healthCheck>;
/** The same as a program gives it: what has a default may be left out. */
export type HealthCheckArgs = z.input<typeof healthCheck>;
