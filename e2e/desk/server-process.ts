/** The real server in a process of its own, as it runs for users: told what to do by its one argument, ended by SIGTERM. */
import process from 'node:process';
import { startServer, type StartOptions } from '../../packages/server/src/main.ts';

const server = await startServer(JSON.parse(process.argv[2]) as StartOptions);
process.stdout.write(`ready ${server.url}\n`);
process.once('SIGTERM', () => {
  void server.stop().then(() => process.exit(0));
});
