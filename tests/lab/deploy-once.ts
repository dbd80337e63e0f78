/** An operator's program to be killed: deploys one system, and prints the status lines as they come. */
import { Deployer } from './deployer.ts';

const { connection, system } = JSON.parse(process.argv[2] ?? '{}');
await new Deployer(connection).up(system, { onStatus: (line) => console.log(line) });
