import { Server, ServerCredentials } from '@grpc/grpc-js';
import grpc from '@pulumi/pulumi/proto/provider_grpc_pb.js';
import * as z from 'zod';
import type { AnyResource, Context } from '../../provider/resource.ts';
import type { Operations } from '../../provider/service/operations.ts';
import { handlers } from '../../provider/service/server.ts';
import { ProviderService } from '../../provider/service/service.ts';
import type { Plain } from './provider-process.ts';

/** A resource whose operations each test sets, to test the service over a real connection. */
export class Puppet {
  readonly token: string;
  readonly description = 'A resource for tests.';
  readonly inputs = z.object({ host: z.string(), big: z.record(z.string(), z.string()).optional() });
  readonly state = this.inputs.extend({ live: z.string() });
  create: (inputs: Plain, context: Context) => Promise<unknown> = async (inputs) => ({
    id: 'x',
    state: inputs,
  });
  update: AnyResource['update'] = async (_, inputs) => inputs;
  read: AnyResource['read'] = async () => undefined;
  diff: AnyResource['diff'] = () => ({ changes: false, detailed: {} });
  delete: AnyResource['delete'] = async () => {};
  preview = (inputs: Plain) => inputs;

  constructor(token: string) {
    this.token = token;
  }
}

/** Serves puppets in this process with the provider's own service. */
export async function servePuppets(
  puppets: readonly Puppet[],
  options: { engineAddress?: string; operations?: Operations } = {},
): Promise<{ port: number; stop: () => void }> {
  const resources = new Map(puppets.map((puppet) => [puppet.token, puppet as unknown as AnyResource]));
  const server = new Server();
  const service = new ProviderService({ resources }, options.engineAddress, options.operations);
  server.addService(grpc.ResourceProviderService, handlers(service));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { port, stop: () => server.forceShutdown() };
}
