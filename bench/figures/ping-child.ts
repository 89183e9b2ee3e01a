/** Asks Redis PING after PING in a process of its own, so that what is measured is Redis and not the event loop of who clears; ends with its input. */
import { connect } from 'node:net';
import process from 'node:process';

const socket = connect(process.argv[2] ?? '');
let longestMs = 0;
let pings = 0;
let since = 0;
let ended = false;

function ask(): void {
  since = performance.now();
  socket.write('PING\r\n');
}

socket.on('connect', () => {
  process.stdout.write('ready\n');
  ask();
});
socket.on('data', () => {
  longestMs = Math.max(longestMs, performance.now() - since);
  pings += 1;
  if (!ended) ask();
  else {
    process.stdout.write(`${JSON.stringify({ longestMs, pings })}\n`);
    socket.destroy();
  }
});
process.stdin.on('end', () => (ended = true)).resume();
