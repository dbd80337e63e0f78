/**
 * A separate process of the operator: deploys one system and prints status lines. Reads its settings as JSON from its argument,
 * else from standard input.
 */
import { readFileSync } from 'node:fs';
import { Deployer } from './deployer.ts';

const { connection, system, ...settings } = JSON.parse(process.argv[2] ?? readFileSync(0, 'utf8'));
await new Deployer(connection).up(system, { ...settings, onStatus: (line) => console.log(line) });
