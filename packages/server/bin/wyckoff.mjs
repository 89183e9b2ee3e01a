#!/usr/bin/env node
/** `npx wyckoff <verb>`: installs when needed, then runs the command line on the pinned Node. */
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { installWhenNeeded, runPinned } from '../../../tools/pinned.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
installWhenNeeded();
runPinned([join(root, 'tools', 'cli.mjs'), ...process.argv.slice(2)]);
