import { FleetError } from '../../../lib/base/errors.ts';
import { parseUrn } from '../../../lib/base/urn.ts';
import { contains, gatewayOf, parseAddress, parseCidr } from '../../../lib/local/lab/cidr.ts';
import { deleteLab } from '../../../lib/local/lab/delete-lab.ts';
import {
  ensureNetwork,
  type Network,
  type NetworkRequest,
  readNetwork,
  refuseLabOfOther,
} from '../../../lib/local/lab/network.ts';
import {
  type LabNetworkInputs,
  type LabNetworkState,
  labName,
  labNetworkInputs,
  labNetworkState,
} from '../../../schema/lab-network.ts';
import { changesFrom, leafDiff } from '../../diff.ts';
import type { Resource } from '../../resource.ts';

/** A lab's own network on the operator's computer. Its id is the lab's name. */
export const labNetwork: Resource<LabNetworkInputs, LabNetworkState> = {
  token: 'nixos:index:LabNetwork',
  description:
    'The network of a lab on this computer: a bridge with no way out, the lab’s ssh key, and its names.',
  inputs: labNetworkInputs,
  state: labNetworkState,

  check({ cidr, hosts }) {
    if (typeof cidr !== 'string') return {}; // unknown in a preview
    const network = parseCidr(cidr);
    if (!network) return { cidr: `'${cidr}' is not an IPv4 network such as 10.213.7.0/24` };
    const problems: Record<string, string> = {};
    for (const [name, text] of Object.entries(hosts)) {
      const address = parseAddress(String(text));
      if (typeof text !== 'string') continue;
      if (address === undefined || !contains(network, address)) {
        problems[`hosts.${name}`] = `'${text}' is not an address of ${cidr}`;
      } else if (text === gatewayOf(network))
        problems[`hosts.${name}`] = `${text} is this computer’s own address`;
    }
    return problems;
  },

  diff(recorded, desired) {
    const { name: _, ...rest } = desired;
    const { name: __, ...before } = recorded.inputs;
    return changesFrom(
      {
        ...leafDiff(recorded.inputs.name, desired.name, { at: ['name'], replace: true }),
        ...leafDiff(before, rest),
        ...leafDiff(recorded.state.up, true, { at: ['up'], inputDiff: false }),
      },
      { deleteBeforeReplace: true },
    );
  },

  preview(desired, recorded) {
    if (!recorded || recorded.inputs.name !== desired.name) return { ...desired, up: true };
    return { ...recorded.state, ...desired, up: true };
  },

  async create(inputs, { urn }) {
    const request = requestOf(inputs, urn);
    await refuseLabOfOther(request);
    return { id: inputs.name, state: stateOf(await ensureNetwork(request)) };
  },

  async read(id, recorded) {
    const lab = recorded?.inputs.name ?? labName.safeParse(id).data;
    if (lab === undefined) {
      throw new FleetError({
        code: 'lab-failed',
        what: `'${id}' is not the name of a lab`,
        fix: 'Import a lab’s network by the lab’s name: letters, digits, dots, hyphens and underscores.',
      });
    }
    const network = await readNetwork(lab);
    if (!network) return undefined;
    const state = stateOf(network);
    return { id, inputs: labNetworkInputs.parse(state), state };
  },

  async update(_recorded, desired, { urn }) {
    return stateOf(await ensureNetwork(requestOf(desired, urn)));
  },

  async delete(recorded) {
    await deleteLab(recorded.inputs.name);
  },
};

function stateOf({
  lab,
  cidr,
  hosts,
  bridge,
  gateway,
  identityFile,
  publicKey,
  up,
}: Network): LabNetworkState {
  return { name: lab, cidr, hosts, bridge, gateway, identityFile, publicKey, up };
}

function requestOf({ name, cidr, hosts }: LabNetworkInputs, urn: string): NetworkRequest {
  const { project, stack } = parseUrn(urn);
  return { lab: name, cidr, hosts, owner: `${project}/${stack}` };
}
