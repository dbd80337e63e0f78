import type { AddressInfo } from 'node:net';
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import grpc from '@pulumi/pulumi/proto/provider_grpc_pb.js';
import { components, functions, registry } from '../registry.ts';
import { toServiceError } from './errors.ts';
import { listenForOwnUser } from './peer.ts';
import { ProviderService } from './service.ts';

const methods = [
  'handshake',
  'attach',
  'getPluginInfo',
  'getSchema',
  'checkConfig',
  'diffConfig',
  'configure',
  'invoke',
  'construct',
  'check',
  'diff',
  'create',
  'read',
  'update',
  'delete',
  'cancel',
] as const;

/** Largest message taken or sent, as the engine has it. */
const messageLimitBytes = 400 * 1024 * 1024;
/** Time for operations to end once the engine has gone. */
const endLimitMilliseconds = 5000;

/**
 * Serves the provider on a free port of this computer, to its own user alone, and prints that port; returns when it listens. A call
 * writes files and runs commands as that user.
 */
export async function serve(args: readonly string[]): Promise<void> {
  // The engine's address is the one argument that is no flag; without it the provider was started by hand.
  const engineAddress = args.find((arg, index) => !arg.startsWith('-') && args[index - 1] !== '--tracing');
  const service = new ProviderService({ resources: registry, functions, components }, engineAddress);
  const server = new Server({
    'grpc.max_receive_message_length': messageLimitBytes,
    'grpc.max_send_message_length': messageLimitBytes,
  });
  server.addService(grpc.ResourceProviderService, handlers(service));
  const connections = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = await listenForOwnUser((socket) => connections.injectConnection(socket));
  const { port } = listener.address() as AddressInfo;
  endWithTheEngine(service, server, engineAddress !== undefined);
  process.stdout.write(`${port}\n`);
}

/** Translates each method's result or error to gRPC's callback. */
export function handlers(service: ProviderService): grpc.IResourceProviderServer {
  const table = methods.map((method) => {
    const handle = service[method].bind(service) as (request: unknown) => Promise<unknown>;
    return [
      method,
      (call: ServerUnaryCall<unknown, unknown>, callback: sendUnaryData<unknown>) => {
        // Wrapped, so that what is thrown before the first await is answered too.
        (async () => handle(call.request))().then(
          (response) => callback(null, response),
          (error: unknown) => callback(toServiceError(error)),
        );
      },
    ];
  });
  return Object.fromEntries(table) as grpc.IResourceProviderServer;
}

/** The engine holds our standard input open as long as it lives. */
function endWithTheEngine(service: ProviderService, server: Server, startedByEngine: boolean): void {
  let ending = false;
  const endOnce = async () => {
    if (ending) return;
    ending = true;
    service.operations.cancel();
    await service.operations.idle(endLimitMilliseconds);
    server.forceShutdown();
    process.exit(0);
  };
  const end = () => void endOnce();
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  // Output that is no longer read must not end the process before its operations have ended.
  process.stdout.on('error', end);
  process.stderr.on('error', end);
  if (!startedByEngine) return;
  process.stdin.on('end', end);
  process.stdin.on('error', end);
  process.stdin.resume();
}
