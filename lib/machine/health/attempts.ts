import { connect, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { isFailure } from '../../base/errors.ts';
import type { Destination } from '../ssh/destination.ts';
import type { Machine } from '../ssh/machine.ts';
import { connectThroughJump } from '../ssh/through-jump.ts';

/** One attempt at a check. Returns undefined if it passes, else what was observed. */
export type Attempt = (limitSeconds: number, signal?: AbortSignal) => Promise<string | undefined>;

/** Passes if a shell command on the machine exits with 0. Runs as root over a new connection. */
export function tryOnMachine(machine: Machine, command: string): Attempt {
  return async (limitSeconds, signal) => {
    const words = ['timeout', String(Math.ceil(limitSeconds)), 'sh', '-c', command];
    try {
      const timeoutSeconds = limitSeconds + machine.connection.connectTimeoutSeconds;
      const options = { fresh: true, signal, timeoutSeconds };
      const { exitCode, stdout, stderr } = await machine.run(words, options);
      if (exitCode === 0) return undefined;
      return outputOf(exitCode === 124 ? 'timed out' : `exit code ${exitCode}`, stdout + stderr);
    } catch (error) {
      if (!isFailure(error)) throw error;
      return error.why ?? error.message;
    }
  };
}

/** How a command ended, with the last lines of its output. */
export function outputOf(how: string, output: string): string {
  return [how, output.trim().split('\n').slice(-5).join('\n')].filter(Boolean).join(': ');
}

/** Connects to a port of the machine, or rejects with the reason. */
export type Connect = (port: number, signal: AbortSignal) => Promise<Duplex>;

/** Connects from this computer, or from the last jump host if there is one. */
export function connectTo(machine: Machine, destination: Destination): Connect {
  if (destination.proxyJump === undefined) return connectDirectly(destination.hostName);
  return (port, signal) => connectThroughJump(machine, destination, port, signal);
}

function connectDirectly(host: string): Connect {
  return (port, signal) =>
    new Promise((resolve, reject) => {
      const socket = connect({ host, port, signal });
      socket.once('connect', () => resolve(socket)).once('error', reject);
    });
}

/** Passes if the port accepts a connection. */
export function tryTcp(connectPort: Connect, port: number): Attempt {
  return async (limitSeconds, signal) => {
    const limit = limited(limitSeconds, signal);
    try {
      (await connectPort(port, limit.either)).destroy();
      return undefined;
    } catch (error) {
      return limit.reason(error);
    }
  };
}

/**
 * Passes if the response has this status. Redirects are not followed.
 * @param connectPort connects to the machine. Default: connects from this computer to the URL's host
 */
export function tryHttp(url: string, status: number, connectPort?: Connect): Attempt {
  return async (limitSeconds, signal) => {
    const limit = limited(limitSeconds, signal);
    try {
      const { port, protocol } = new URL(url);
      const defaultPort = protocol === 'https:' ? 443 : 80;
      const socket = await connectPort?.(Number(port) || defaultPort, limit.either);
      const seen = await statusOf(url, limit.either, socket);
      return seen === status ? undefined : `${url} answered ${seen}, not ${status}`;
    } catch (error) {
      return `${url}: ${limit.reason(error)}`;
    }
  };
}

async function statusOf(url: string, signal: AbortSignal, socket?: Duplex): Promise<number | undefined> {
  const { protocol, hostname } = new URL(url);
  const isEncrypted = protocol === 'https:';
  // Not at the start: a module that imports node:http makes Node load its fetch, too, which takes an eighth of the provider's start.
  const { request: send } = isEncrypted ? await import('node:https') : await import('node:http');
  const servername = isIP(hostname.replace(/^\[|\]$/g, '')) ? '' : hostname;
  // Each attempt uses a new connection.
  const connection = socket
    ? { createConnection: () => (isEncrypted ? connectTls({ socket, host: hostname, servername }) : socket) }
    : { agent: false };
  return await new Promise((resolve, reject) => {
    const request = send(url, { signal, ...connection }, (response) => {
      resolve(response.statusCode);
      response.destroy();
    });
    request.once('error', reject).end();
  });
}

function limited(limitSeconds: number, signal?: AbortSignal) {
  const limit = AbortSignal.timeout(limitSeconds * 1000);
  return {
    either: signal ? AbortSignal.any([signal, limit]) : limit,
    reason: (error: unknown): string => {
      if (limit.aborted) return 'no answer in time';
      const { message, code } = error as Error & { code?: string };
      return message || code || 'failed';
    },
  };
}
