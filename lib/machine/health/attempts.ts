import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { isFailure } from '../../base/errors.ts';
import type { Machine } from '../ssh/machine.ts';
import { connectThroughJump } from '../ssh/through-jump.ts';

/** One attempt at a check: undefined where it holds, else what was seen instead. */
export type Attempt = (limitSeconds: number, signal?: AbortSignal) => Promise<string | undefined>;

/** A shell command on the machine, as root, over a connection of its own, must end with 0. */
export function tryOnMachine(machine: Machine, command: string): Attempt {
  return async (limitSeconds, signal) => {
    const words = ['timeout', String(Math.ceil(limitSeconds)), 'sh', '-c', command];
    try {
      const timeoutSeconds = limitSeconds + machine.connection.connectTimeoutSeconds;
      const options = { fresh: true, signal, timeoutSeconds };
      const { exitCode, stdout, stderr } = await machine.run(words, options);
      if (exitCode === 0) return undefined;
      const said = `${stdout}${stderr}`.trim().split('\n').slice(-5).join('\n');
      const how = exitCode === 124 ? 'it did not end in time' : `exit code ${exitCode}`;
      return [how, said].filter(Boolean).join(': ');
    } catch (error) {
      if (!isFailure(error)) throw error;
      return error.why ?? error.message;
    }
  };
}

/** Makes a connection to a port of the machine; rejects with why there is none. */
export type Connect = (port: number, signal: AbortSignal) => Promise<Duplex>;

/** From this computer to the address, or from the last jump host where there is one. */
export function connectTo(machine: Machine): Connect {
  const { local, proxyJump, address } = machine.connection;
  if (local) return connectDirectly('127.0.0.1');
  if (proxyJump === undefined) return connectDirectly(address);
  return (port, signal) => connectThroughJump(machine, port, signal);
}

function connectDirectly(host: string): Connect {
  return (port, signal) =>
    new Promise((resolve, reject) => {
      const socket = connect({ host, port, signal });
      socket.once('connect', () => resolve(socket)).once('error', reject);
    });
}

/** A connection to the port must be accepted. */
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
 * The answer must have this status; a redirection is not followed.
 * @param connectPort how the machine is connected to; where left out, the URL's host is asked from this computer
 */
export function tryHttp(url: string, status: number, connectPort?: Connect): Attempt {
  return async (limitSeconds, signal) => {
    const limit = limited(limitSeconds, signal);
    try {
      const { port, protocol } = new URL(url);
      const usual = protocol === 'https:' ? 443 : 80;
      const socket = await connectPort?.(Number(port) || usual, limit.either);
      const seen = await statusOf(url, limit.either, socket);
      return seen === status ? undefined : `${url} answered ${seen}, not ${status}`;
    } catch (error) {
      return `${url}: ${limit.reason(error)}`;
    }
  };
}

function statusOf(url: string, signal: AbortSignal, socket?: Duplex): Promise<number | undefined> {
  const { protocol, hostname } = new URL(url);
  const isEncrypted = protocol === 'https:';
  const send = isEncrypted ? httpsRequest : httpRequest;
  const servername = isIP(hostname.replace(/^\[|\]$/g, '')) ? '' : hostname;
  // Every attempt is a connection of its own.
  const way = socket
    ? { createConnection: () => (isEncrypted ? connectTls({ socket, host: hostname, servername }) : socket) }
    : { agent: false };
  return new Promise((resolve, reject) => {
    const request = send(url, { signal, ...way }, (response) => {
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
