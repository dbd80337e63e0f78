/**
 * An operator's program of its own: deploys one system, and prints the status lines as they come. What it is told comes as
 * its argument, or on its standard input.
 */
import { readFileSync } from 'node:fs';
import { Deployer } from './deployer.ts';

const { connection, system, ...settings } = JSON.parse(process.argv[2] ?? readFileSync(0, 'utf8'));
await new Deployer(connection).up(system, { ...settings, onStatus: (line) => console.log(line) });
