import { Lab } from '../../components/lab.ts';
import type { LabArgs } from '../../schema/components.ts';
import type { Constructed, Declaration } from '../component.ts';
import { known } from './args.ts';

export async function constructLab({ name, settled, options }: Declaration): Promise<Constructed> {
  const { network, base, machines } = settled;
  // The schema of the component has checked their types.
  const args = {
    network: known(network, 'network'),
    base: known(base, 'base'),
    machines: known(machines, 'machines'),
  };
  const resource = new Lab(name, args as LabArgs, options);
  return { resource, outputs: { connections: resource.connections } };
}
