import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { Connection } from '../../schema/connection.ts';
import { FleetError } from '../errors.ts';
import { shellQuote } from '../ssh/quote.ts';
import { runOnMachine } from '../ssh/run.ts';
import type { Attempt } from './health-checks.ts';

/** A shell command on the machine, as root, over a connection of its own, must end with 0. */
export function tryOnMachine(connection: Connection, host: string, command: string): Attempt {
  return async (limitSeconds, signal) => {
    const script = `timeout ${Math.ceil(limitSeconds)} sh -c ${shellQuote(command)} </dev/null\n`;
    try {
      const timeoutSeconds = limitSeconds + connection.connectTimeoutSeconds;
      const options = { fresh: true, signal, timeoutSeconds };
      const { exitCode, stdout, stderr } = await runOnMachine(connection, host, script, options);
      if (exitCode === 0) return undefined;
      const said = `${stdout}${stderr}`.trim().split('\n').slice(-5).join('\n');
      const how = exitCode === 124 ? 'it did not end in time' : `exit code ${exitCode}`;
      return [how, said].filter(Boolean).join(': ');
    } catch (error) {
      if (!(error instanceof FleetError) || error.code === 'cancelled') throw error;
      return error.why ?? error.message;
    }
  };
}

/** A connection to the port must be accepted. */
export function tryTcp(address: string, port: number): Attempt {
  return (limitSeconds, signal) =>
    new Promise((resolve) => {
      const limit = AbortSignal.timeout(limitSeconds * 1000);
      const either = signal ? AbortSignal.any([signal, limit]) : limit;
      const socket = connect({ host: address, port, signal: either });
      socket.once('connect', () => {
        resolve(undefined);
        socket.destroy();
      });
      socket.once('error', (error) => resolve(limit.aborted ? 'no answer in time' : messageOf(error)));
    });
}

/** The answer must have this status; a redirection is not followed. */
export function tryHttp(url: string, status: number): Attempt {
  return (limitSeconds, signal) =>
    new Promise((resolve) => {
      const limit = AbortSignal.timeout(limitSeconds * 1000);
      const either = signal ? AbortSignal.any([signal, limit]) : limit;
      const send = url.startsWith('https:') ? httpsRequest : httpRequest;
      // Every attempt is a connection of its own.
      const request = send(url, { signal: either, agent: false }, (response) => {
        const { statusCode } = response;
        resolve(statusCode === status ? undefined : `${url} answered ${statusCode}, not ${status}`);
        response.destroy();
      });
      request.once('error', (error) =>
        resolve(`${url}: ${limit.aborted ? 'no answer in time' : messageOf(error)}`),
      );
      request.end();
    });
}

function messageOf(error: Error & { code?: string }): string {
  return error.message || error.code || 'failed';
}
