#!/usr/bin/env node
/** `npx wyckoff <verb>`: installs when needed, then runs the command line on the pinned Node. */
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { installWhenNeeded, runPinned } from '../../../tools/pinned.mjs';
import { SERVER_FLAGS } from '../../../tools/server-flags.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
installWhenNeeded();
const words = process.argv.slice(2);
// The server lives for months within its budget; the other verbs are over in seconds and may be fast.
runPinned([...(words[0] === 'serve' ? SERVER_FLAGS : []), join(root, 'tools', 'cli.mjs'), ...words]);
