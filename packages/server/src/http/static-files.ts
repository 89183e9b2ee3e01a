/** The web app: hashed assets from disk for ever, and the document with the nonce of its answer. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { contentPolicy } from './document-headers.ts';
import { Problem } from './problem.ts';

/** In the built document, where a nonce goes (vite's `html.cspNonce`). */
export const NONCE_MARK = '__CSP_NONCE__';

const NOT_BUILT =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>Wyckoff</title>' +
  '<p>The web app is not built yet: run <code>npm run build</code>, then reload.</p></html>';

/** The document as built; read again when a build replaced it. */
class DocumentFile {
  readonly #path: string;
  #text = '';
  #readAtMs = -1;

  constructor(path: string) {
    this.#path = path;
  }

  read(): string {
    if (!existsSync(this.#path)) return NOT_BUILT;
    const changedAtMs = statSync(this.#path).mtimeMs;
    if (changedAtMs !== this.#readAtMs) [this.#text, this.#readAtMs] = [readFileSync(this.#path, 'utf8'), changedAtMs];
    return this.#text;
  }
}

/** Mounts `/*`; what is no file and no API address is a page of the app, so it gets the document. */
export async function mountWeb(app: FastifyInstance, webDir: string): Promise<void> {
  const page = new DocumentFile(join(webDir, 'index.html'));
  await app.register(fastifyStatic, {
    root: webDir,
    serve: false,
    preCompressed: true,
    cacheControl: false,
    etag: true,
    index: false,
    dotfiles: 'deny',
    suppressWarning: true,
  });
  app.get('/*', { config: { role: 'public' } }, async (request, reply) => {
    const path = (request.params as Record<string, string>)['*'] ?? '';
    if (isFile(webDir, path)) return sendFile(reply, path);
    if (isDocument(request)) return sendDocument(request, reply, page.read());
    throw new Problem('request.unknown_route', { detail: `expected a known address, was ${request.url.slice(0, 200)}` });
  });
}

function isFile(webDir: string, path: string): boolean {
  if (path === '' || path === 'index.html' || path.includes('..') || path.includes('\0')) return false;
  return statSync(join(webDir, path), { throwIfNoEntry: false })?.isFile() === true;
}

function sendFile(reply: FastifyReply, path: string): FastifyReply {
  const hashed = path.startsWith('assets/');
  return reply.header('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache').sendFile(path);
}

/** A page is what a browser navigates to: never below the API, and only when HTML is wanted. */
function isDocument(request: FastifyRequest): boolean {
  if (/^\/(api|health|metrics|ws|assets)(\/|$|\?)/.test(request.url)) return false;
  return (request.headers.accept ?? '').includes('text/html') || request.url === '/';
}

function sendDocument(request: FastifyRequest, reply: FastifyReply, text: string): FastifyReply {
  const nonce = randomBytes(16).toString('base64');
  return reply
    .header('content-security-policy', contentPolicy(nonce, request.headers.host ?? ''))
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(text.replaceAll(NONCE_MARK, nonce));
}
