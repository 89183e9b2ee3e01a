/** A package that is no part of the product: found beside the product, or in the folder where the user works. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

/** @throws whatever the second search failed with, when it is in neither place. */
export async function importOptional(name: string): Promise<unknown> {
  try {
    return await import(name);
  } catch {
    const path = createRequire(join(process.cwd(), 'index.js')).resolve(name);
    return await import(pathToFileURL(path).href);
  }
}
