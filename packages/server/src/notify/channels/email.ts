/** Notifications by e-mail over SMTP; the mail library is loaded with the first message. */
import type { Channel, Delivery } from '../channel.ts';
import type { NotificationSettings } from '../settings.ts';
import { subjectOf, textOf } from './text.ts';

/** Of each step of the conversation. */
const STEP_MS = 8_000;

export interface EmailOptions {
  readonly settings: NotificationSettings['email'];
  readonly password: string | undefined;
  /** For tests: a server of this machine without TLS. */
  readonly plain?: boolean;
}

export function emailChannel({ settings, password, plain }: EmailOptions): Channel {
  return {
    send: async (notification, signal) => {
      const { createTransport } = await import('nodemailer');
      const { host, port, secure, user, from, to } = settings;
      const transport = createTransport({
        host,
        port,
        secure,
        requireTLS: !secure && plain !== true,
        ignoreTLS: plain === true,
        ...(user === '' ? {} : { auth: { user, pass: password ?? '' } }),
        connectionTimeout: STEP_MS,
        greetingTimeout: STEP_MS,
        socketTimeout: STEP_MS,
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      // bounded: one listener for one message, gone with the signal of the attempt.
      signal.addEventListener('abort', () => transport.close(), { once: true });
      try {
        await transport.sendMail({ from, to, subject: subjectOf(notification), text: textOf(notification) });
        return { outcome: 'delivered' };
      } catch (error) {
        return failureOf(error);
      } finally {
        transport.close();
      }
    },
  };
}

/** SMTP 5xx is an answer that stays the same (RFC 5321 4.2.1): the address or the login is wrong. */
function failureOf(error: unknown): Delivery {
  const text = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'responseCode' in error ? Number(error.responseCode) : 0;
  return { outcome: code >= 500 && code < 600 ? 'gone' : 'failed', error: text };
}
