import * as z from 'zod';

export const labName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'must be letters, digits, dots, hyphens and underscores')
  .describe('Name of the lab, unique on this computer; the stack’s name by default.');

/** Inputs of `nixos:index:LabNetwork`: a lab's own network on the operator's computer. */
export const labNetworkInputs = z.object({
  name: labName,
  cidr: z
    .string()
    .regex(/^(\d{1,3}\.){3}\d{1,3}\/(8|9|1\d|2\d)$/, 'must be an IPv4 network such as 10.213.7.0/24')
    .describe(
      'Address range, such as 10.213.7.0/24. Its first address is this computer’s; nothing is routed out of it.',
    ),
  hosts: z
    .record(z.string(), z.string())
    .default({})
    .describe('Names the machines know each other by (their /etc/hosts): name to address.'),
});
export type LabNetworkInputs = z.infer<typeof labNetworkInputs>;

/** State of `nixos:index:LabNetwork`: the inputs and what was made. */
export const labNetworkState = labNetworkInputs.extend({
  bridge: z.string().describe('Name of the bridge interface.'),
  gateway: z.string().describe('Address of this computer in the lab.'),
  identityFile: z
    .string()
    .describe('File with the lab’s own private ssh key, which its machines let in as root.'),
  publicKey: z.string().describe('The public half of that key.'),
  up: z.boolean().describe('Whether the bridge is there and up; a restart of this computer takes it away.'),
});
export type LabNetworkState = z.infer<typeof labNetworkState>;
