import { createHmac } from 'node:crypto';
import { createServer as createHttpServer, type IncomingHttpHeaders } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { notificationOf } from '../notification.ts';
import { notificationSettings } from '../settings.ts';
import { emailChannel } from './email.ts';
import { httpsPost } from './https-post.ts';
import { isPublicAddress, publicLookup } from './public-address.ts';
import { telegramChannel } from './telegram.ts';
import { webhookChannel } from './webhook.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((closed) => server.close(closed));
});

const halt = notificationOf({ type: 'halt', key: 'k', title: 'Trading is halted', body: 'Daily loss.', data: {} }, 'n1', 0);
const forever = new AbortController().signal;

interface Seen {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A real HTTP server that answers as told. */
async function httpServer(status: number, headers: Record<string, string> = {}, text = 'ok') {
  const seen: Seen[] = [];
  const server = createHttpServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => (body += part));
    request.on('end', () => {
      seen.push({ path: request.url ?? '', headers: request.headers, body });
      response.writeHead(status, { ...headers, connection: 'close' }).end(text);
    });
  });
  servers.push(server);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** A real SMTP conversation (RFC 5321), with the answer to RCPT as told. */
async function smtpServer(toRecipient: string) {
  const lines: string[] = [];
  const server = createTcpServer((socket) => {
    let isData = false;
    const say = (line: string): boolean => socket.write(`${line}\r\n`);
    say('220 test');
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      for (const line of chunk.split('\r\n').filter((one) => one !== '')) {
        lines.push(line);
        if (isData) {
          if (line === '.') {
            isData = false;
            say('250 queued');
          }
        } else if (/^EHLO/.test(line)) say('250 test');
        else if (/^RCPT/.test(line)) say(toRecipient);
        else if (/^DATA/.test(line)) {
          isData = true;
          say('354 go on');
        } else if (/^QUIT/.test(line)) socket.end('221 bye\r\n');
        else say('250 ok');
      }
    });
    socket.on('error', () => undefined);
  });
  servers.push(server);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return { lines, port: (server.address() as AddressInfo).port };
}

function webhook(shape: 'slack' | 'discord' | 'json', url: string) {
  const settings = { ...notificationSettings.parse({}).webhook, enabled: true, shape, url };
  return webhookChannel({ settings, secret: 's3cret', wallClock: () => 1_700_000_000_000, trusted: true });
}

describe('trading 10: webhooks', () => {
  it('trading-10 Slack gets text and blocks', async () => {
    const { seen, url } = await httpServer(200);
    expect(await webhook('slack', url).send(halt, forever)).toEqual({ outcome: 'delivered' });
    const body = JSON.parse(seen[0]?.body ?? '') as { text: string; blocks: { type: string }[] };
    expect(body.text).toBe('wyckoff CRITICAL: Trading is halted');
    expect(body.blocks.map(({ type }) => type)).toEqual(['header', 'section', 'context']);
  });

  it('trading-10 Discord gets content and embeds, and mentions nobody', async () => {
    const { seen, url } = await httpServer(204);
    await webhook('discord', url).send(halt, forever);
    const body = JSON.parse(seen[0]?.body ?? '') as { content: string; embeds: object[]; allowed_mentions: object };
    expect(body).toMatchObject({ content: 'wyckoff CRITICAL: Trading is halted', allowed_mentions: { parse: [] } });
    expect(body.embeds).toHaveLength(1);
  });

  it('trading-10 our own JSON is signed over timestamp and body', async () => {
    const { seen, url } = await httpServer(200);
    await webhook('json', url).send(halt, forever);
    const { headers, body } = seen[0] ?? { headers: {}, body: '' };
    expect(headers['x-timestamp']).toBe('1700000000');
    expect(headers['x-signature']).toBe(createHmac('sha256', 's3cret').update(`1700000000.${body}`).digest('hex'));
  });

  it.each([
    [404, {}, { outcome: 'gone' }],
    [410, {}, { outcome: 'gone' }],
    [400, {}, { outcome: 'failed' }],
    [503, {}, { outcome: 'failed' }],
    [429, { 'retry-after': '7' }, { outcome: 'failed', retryAfterMs: 7_000 }],
  ])('trading-10 HTTP %d is told as what it is', async (status, headers, delivery) => {
    const { url } = await httpServer(status, headers, '<html>no</html>');
    expect(await webhook('slack', url).send(halt, forever)).toMatchObject(delivery);
  });

  it('trading-10 an endless answer is read and not kept', async () => {
    const { url } = await httpServer(500, {}, 'x'.repeat(1_000_000));
    const delivery = await webhook('slack', url).send(halt, forever);
    expect(delivery.outcome === 'failed' ? delivery.error.length : 0).toBeLessThan(300);
  });

  it('trading-10 a server that does not answer is given up by the signal', async () => {
    const server = createTcpServer();
    servers.push(server);
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    const stop = new AbortController();
    const answer = webhook('slack', `http://127.0.0.1:${(server.address() as AddressInfo).port}`).send(halt, stop.signal);
    server.once('connection', (socket) => {
      stop.abort();
      socket.on('error', () => undefined).resume();
    });
    expect(await answer).toEqual({ outcome: 'failed', error: 'no answer in time' });
  });

  it.each([
    'http://example.com/hook',
    'https://127.0.0.1/',
    'https://10.1.2.3/',
    'https://[::1]/',
    'https://[fd00::1]/',
    'ftp://a.b/',
  ])('trading-10 %s is refused: https and public addresses only', async (url) => {
    expect((await httpsPost(url, { headers: {}, body: '', signal: forever })).outcome).toBe('gone');
  });

  it('trading-10 a public name that leads inside is refused when it is connected to', async () => {
    const refusal = await new Promise((answer) => publicLookup('localhost', {}, (error) => answer(error?.message)));
    expect(refusal).toMatch(/localhost: expected a public address, was (127\.0\.0\.1|::1)/);
  });

  it.each([
    ['8.8.8.8', true],
    ['169.254.169.254', false],
    ['100.64.0.1', false],
    ['::ffff:10.0.0.1', false],
    ['2606:4700::1111', true],
    ['fe80::1', false],
  ])('trading-10 %s is public: %s', (address, isPublic) => {
    expect(isPublicAddress(address)).toBe(isPublic);
  });
});

describe('trading 10: Telegram and mail', () => {
  it('trading-10 Telegram gets plain text, and its token stays out of the receipt', async () => {
    const settings = { enabled: true, chatId: '42' };
    const { seen, url } = await httpServer(200);
    await telegramChannel({ settings, token: '1:abc', server: url }).send(halt, forever);
    expect(seen[0]?.path).toBe('/bot1:abc/sendMessage');
    expect(JSON.parse(seen[0]?.body ?? '')).toMatchObject({
      chat_id: '42',
      text: expect.stringContaining('Trading is halted') as string,
    });
    const refused = await httpServer(401, {}, 'bad token 1:abc');
    const delivery = await telegramChannel({ settings, token: '1:abc', server: refused.url }).send(halt, forever);
    expect(JSON.stringify(delivery)).not.toContain('1:abc');
  });

  it('trading-10 a mail is handed to the server with subject and text', async () => {
    const { lines, port } = await smtpServer('250 ok');
    const settings = {
      ...notificationSettings.parse({}).email,
      host: '127.0.0.1',
      port,
      from: 'wyckoff@example.org',
      to: 'trader@example.org',
    };
    expect(await emailChannel({ settings, password: undefined, plain: true }).send(halt, forever)).toEqual({
      outcome: 'delivered',
    });
    expect(lines).toContain('RCPT TO:<trader@example.org>');
    expect(lines).toContain('Subject: wyckoff CRITICAL: Trading is halted');
  });

  it('trading-10 an unknown recipient is final, a full mailbox is not; without TLS nothing is sent', async () => {
    const settings = (port: number) => ({
      ...notificationSettings.parse({}).email,
      host: '127.0.0.1',
      port,
      from: 'a@b.c',
      to: 'd@e.f',
    });
    const unknown = await smtpServer('550 no such user');
    expect(
      (await emailChannel({ settings: settings(unknown.port), password: undefined, plain: true }).send(halt, forever)).outcome,
    ).toBe('gone');
    const full = await smtpServer('452 full');
    expect(
      (await emailChannel({ settings: settings(full.port), password: undefined, plain: true }).send(halt, forever)).outcome,
    ).toBe('failed');
    const bare = await smtpServer('250 ok');
    expect((await emailChannel({ settings: settings(bare.port), password: undefined }).send(halt, forever)).outcome).toBe(
      'failed',
    );
    expect(bare.lines.some((line) => line.startsWith('RCPT'))).toBe(false);
  });
});
